// SPDX-License-Identifier: Apache-2.0
/*
 * The table: what carrel-errand says, and what the steward says to it.
 * A row is one text; all of it in the order of enum crl_language. The English is that of the code (check-retold).
 */
#include "helper/errand/said.h"

#include "base/scope.h"

static const struct crl_retold_text rows[] = {
	{{"out of memory", "no queda memoria", "ez dago memoriarik", "Kein Speicher mehr frei"}},
	{{"-f needs a file", "-f necesita un archivo", "-f aukerak fitxategi bat behar du", "-f braucht eine Datei"}},
	{{"cannot start the editor: {1}", "no se puede iniciar el editor: {1}", "ezin da editorea abiarazi: {1}",
	  "Der Editor kann nicht gestartet werden: {1}"}},
	{{"the editor failed; nothing is changed", "el editor ha fallado; no se ha cambiado nada",
	  "editoreak huts egin du; ez da ezer aldatu", "Der Editor ist gescheitert; es wurde nichts geändert"}},
	{{"no changes made", "no se han hecho cambios", "ez da aldaketarik egin", "Es wurde nichts geändert"}},
	{{"what was edited is in {1}", "lo editado está en {1}", "editatutakoa hemen dago: {1}",
	  "Was Sie bearbeitet haben, liegt in {1}"}},
	{{"too many arguments, or too long ones", "demasiados argumentos, o demasiado largos",
	  "argumentu gehiegi, edo luzeegiak", "Zu viele oder zu lange Argumente"}},
	{{"the steward of this host broke off: {1}",
	  "el servicio de carrel de este equipo ha cortado la comunicación: {1}",
	  "makina honetako carrel zerbitzuak komunikazioa eten du: {1}",
	  "Der carrel-Dienst dieses Rechners hat die Verbindung abgebrochen: {1}"}},
	{{"nobody runs it for this room now ({1})", "ahora nadie lo ejecuta para esta sala ({1})",
	  "orain inork ez du gela honentzat exekutatzen ({1})",
	  "Im Moment führt es niemand für diesen Raum aus ({1})"}},
	{{"ask the administrator of this host", "pregunte al administrador de este equipo",
	  "galdetu makina honen administratzaileari", "Fragen Sie die Systemverwaltung dieses Rechners"}},
	{{"stands for another program and is called by its name: see carrel-errand(8)",
	  "hace las veces de otro programa y se llama con el nombre de este: véase "
	  "carrel-errand(8)",
	  "beste programa baten ordez dago eta haren izenez deitzen da: ikus carrel-errand(8)",
	  "steht für ein anderes Programm und wird mit dessen Namen aufgerufen: siehe "
	  "carrel-errand(8)"}},
	{{"too many errands at a time, try again later", "demasiados encargos a la vez, inténtelo de nuevo más tarde",
	  "enkargu gehiegi aldi berean, saiatu berriro geroago",
	  "Zu viele Aufträge auf einmal, versuchen Sie es später noch einmal"}},
	{{"this program is none that is run for rooms", "este programa no es de los que se ejecutan para las salas",
	  "programa hau ez da gelentzat exekutatzen direnetakoa",
	  "Dieses Programm gehört nicht zu denen, die für Räume ausgeführt werden"}},
	{{"{1}: the policy \"{2}\" of this room does not have it in its errands",
	  "{1}: la política \"{2}\" de esta sala no lo tiene entre sus encargos (errands)",
	  "{1}: gela honen \"{2}\" politikak ez dauka bere enkarguen artean (errands)",
	  "{1}: Die Richtlinie \"{2}\" dieses Raums hat es nicht unter ihren Aufträgen "
	  "(errands)"}},
	{{"{1}: the argument \"{2}\" cannot be given from a room",
	  "{1}: el argumento \"{2}\" no se puede dar desde una sala",
	  "{1}: \"{2}\" argumentua ezin da gela batetik eman",
	  "{1}: Das Argument \"{2}\" kann nicht aus einem Raum gegeben werden"}},
	{{"cannot start it: the user has no task left (limits.tasks)",
	  "no se puede iniciar: no le queda ningún proceso disponible (limits.tasks)",
	  "ezin da abiarazi: ez zaizu prozesurik geratzen (limits.tasks)",
	  "Es kann nicht gestartet werden: Sie haben keinen Prozess mehr frei (limits.tasks)"}},
	{{"cannot start {1}: {2}", "no se puede iniciar {1}: {2}", "ezin da {1} abiarazi: {2}",
	  "{1} kann nicht gestartet werden: {2}"}},
	{{"standard input, output or error is a socket that is no stream",
	  "la entrada, la salida o el error estándar es un socket que no es de flujo",
	  "sarrera, irteera edo errore estandarra fluxu motakoa ez den socket bat da",
	  "Standardeingabe, -ausgabe oder -fehlerausgabe ist ein Socket, aber kein "
	  "Stream-Socket"}},
	{{"the process is in a user namespace of its own, from which nobody is sent",
	  "el proceso está en un espacio de nombres de usuario propio, desde el que no se "
	  "encarga nada",
	  "prozesua erabiltzaileen izen-espazio propio batean dago, eta handik ez da enkargurik "
	  "egiten",
	  "Der Prozess ist in einem eigenen User-Namensraum, aus dem keine Aufträge kommen"}},
	{{"the process is in no room of its user's that has errands, or in namespaces of its "
	  "own in one",
	  "el proceso no está en una sala de su usuario con encargos, o está en ella en "
	  "espacios de nombres propios",
	  "prozesua ez dago bere erabiltzailearen enkarguak dituen gela batean, edo bertan "
	  "izen-espazio propioetan dago",
	  "Der Prozess ist in keinem Raum seines Benutzers mit Aufträgen, oder dort in eigenen "
	  "Namensräumen"}},
	{{"root needs nobody to run a program for it; inside a room it has no errands",
	  "root no necesita que nadie le ejecute un programa; dentro de una sala no tiene "
	  "encargos",
	  "root-ek ez du inor behar programa bat exekutatzeko; gela baten barruan ez du "
	  "enkargurik",
	  "root braucht niemanden, der ein Programm ausführt; in einem Raum hat root keine "
	  "Aufträge"}},
	{{"No such file or directory", "no existe el archivo o el directorio", "ez dago fitxategi edo direktorio hori",
	  "Datei oder Verzeichnis nicht gefunden"}},
	{{"Permission denied", "permiso denegado", "baimena ukatuta", "Keine Berechtigung"}},
	{{"Is a directory", "es un directorio", "direktorioa da", "Ist ein Verzeichnis"}},
	{{"Not a directory", "no es un directorio", "ez da direktorioa", "Ist kein Verzeichnis"}},
	{{"Connection refused", "conexión rechazada", "konexioa ukatuta", "Verbindung abgelehnt"}},
	{{"No space left on device", "no queda espacio en el disco", "ez dago lekurik diskoan",
	  "Kein Platz mehr auf dem Datenträger"}},
	{{"Disk quota exceeded", "se ha superado la cuota de disco", "disko-kuota gaindituta",
	  "Speicherkontingent überschritten"}},
	{{"Read-only file system", "sistema de archivos de solo lectura", "irakurtzeko soilik den fitxategi-sistema",
	  "Dateisystem ist nur lesbar"}},
};

const struct crl_retold_texts errand_texts = {rows, CRL_ARRAY_LEN(rows)};
