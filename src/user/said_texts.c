// SPDX-License-Identifier: Apache-2.0
/*
 * The table: what carrel says, and what keepers of homes say to it.
 * A row is one text; all of it in the order of enum crl_language. The English is that of the code (check-retold).
 */
#include "user/said.h"

#include "base/scope.h"

static const struct crl_retold_text rows[] = {
	{{"this room has no kept home: what is changed here goes with it, or it is your home "
	  "itself",
	  "esta sala no guarda aparte los cambios del directorio personal: o desaparecen con "
	  "ella, o este es el directorio auténtico",
	  "gela honek ez ditu direktorio pertsonaleko aldaketak aparte gordetzen: edo gelarekin "
	  "desagertzen dira, edo hau da benetakoa",
	  "Dieser Raum hat kein aufbewahrtes Heimverzeichnis: Änderungen verschwinden mit ihm, "
	  "oder es ist Ihr eigentliches Heimverzeichnis"}},
	{{"the keeper of your home is gone: all changes are kept, and after your next login it "
	  "is there again",
	  "el gestor de su directorio personal ha terminado: los cambios se conservan y el "
	  "gestor volverá tras su próximo inicio de sesión",
	  "zure direktorio pertsonalaren kudeatzailea amaitu da: aldaketak gordeta daude, eta "
	  "hurrengo saio-hasieraren ondoren hor egongo da",
	  "Der Dienst für Ihr Heimverzeichnis ist beendet: Alle Änderungen bleiben erhalten, "
	  "und nach Ihrer nächsten Anmeldung läuft er wieder"}},
	{{"the keeper of your home is busy with other requests of yours: try again",
	  "el gestor de su directorio personal está ocupado con otras peticiones suyas: "
	  "inténtelo de nuevo",
	  "zure direktorio pertsonalaren kudeatzailea zure beste eskaera batzuekin lanpetuta "
	  "dago: saiatu berriro",
	  "Der Dienst für Ihr Heimverzeichnis bearbeitet gerade andere Anfragen von Ihnen: "
	  "Bitte versuchen Sie es noch einmal"}},
	{{"cannot ask the keeper of your home: {1}", "no se puede consultar al gestor de su directorio personal: {1}",
	  "ezin zaio galdetu zure direktorio pertsonalaren kudeatzaileari: {1}",
	  "Der Dienst für Ihr Heimverzeichnis ist nicht erreichbar: {1}"}},
	{{"the keeper of your home does not answer", "el gestor de su directorio personal no responde",
	  "zure direktorio pertsonalaren kudeatzaileak ez du erantzuten",
	  "Der Dienst für Ihr Heimverzeichnis antwortet nicht"}},
	{{"this room is older than this program: it works after your next login",
	  "esta sala es más antigua que este programa: funcionará tras su próximo inicio de "
	  "sesión",
	  "gela hau programa hau baino zaharragoa da: hurrengo saio-hasieraren ondoren ibiliko "
	  "da",
	  "Dieser Raum ist älter als dieses Programm: Nach Ihrer nächsten Anmeldung "
	  "funktioniert es"}},
	{{"the keeper of your home broke off", "el gestor de su directorio personal ha cortado la comunicación",
	  "zure direktorio pertsonalaren kudeatzaileak komunikazioa eten du",
	  "Der Dienst für Ihr Heimverzeichnis hat die Verbindung abgebrochen"}},
	{{"cannot write the answer", "no se puede escribir la respuesta", "ezin da erantzuna idatzi",
	  "Die Antwort kann nicht ausgegeben werden"}},
	{{"a snapshot's name has 1 to {1} letters, digits and ._-, the first of them a letter "
	  "or a digit",
	  "el nombre de una instantánea tiene de 1 a {1} letras, cifras y ._-, y empieza por "
	  "una letra o una cifra",
	  "argazki baten izenak gehienez {1} karaktere ditu (letrak, zifrak eta ._-), eta letra "
	  "edo zifra batez hasten da",
	  "Der Name eines Schnappschusses hat 1 bis {1} Buchstaben, Ziffern und ._- und beginnt "
	  "mit einem Buchstaben oder einer Ziffer"}},
	{{"nothing has changed", "no ha cambiado nada", "ez da ezer aldatu", "Es hat sich nichts geändert"}},
	{{"and more: your administrator can list all of it", "y más: su administrador puede listarlo todo",
	  "eta gehiago: administratzaileak dena zerrenda dezake",
	  "und mehr: Ihre Systemverwaltung kann alles auflisten"}},
	{{"there are no snapshots", "no hay instantáneas", "ez dago argazkirik", "Es gibt keine Schnappschüsse"}},
	{{"there is a snapshot of that name already", "ya hay una instantánea con ese nombre",
	  "badago lehendik izen hori duen argazki bat", "Einen Schnappschuss dieses Namens gibt es schon"}},
	{{"you have all {1} snapshots that you may have: your administrator can drop one",
	  "ya tiene todas las instantáneas que puede tener ({1}): su administrador puede "
	  "eliminar una",
	  "eduki ditzakezun argazki guztiak ({1}) dituzu jada: administratzaileak bat ezaba "
	  "dezake",
	  "Sie haben schon alle Schnappschüsse, die Sie haben dürfen ({1}): Ihre "
	  "Systemverwaltung kann einen löschen"}},
	{{"the snapshot will be made when you have logged out everywhere, before your changes "
	  "are carried over into the home below",
	  "la instantánea se hará cuando haya cerrado todas sus sesiones, antes de que sus "
	  "cambios pasen al directorio personal de debajo",
	  "argazkia saio guztiak itxi dituzunean egingo da, zure aldaketak azpiko direktorio "
	  "pertsonalera eraman aurretik",
	  "Der Schnappschuss entsteht, sobald Sie überall abgemeldet sind, bevor Ihre "
	  "Änderungen in das Heimverzeichnis darunter übergehen"}},
	{{"the snapshot will be made when you have logged out everywhere",
	  "la instantánea se hará cuando haya cerrado todas sus sesiones",
	  "argazkia saio guztiak itxi dituzunean egingo da",
	  "Der Schnappschuss entsteht, sobald Sie überall abgemeldet sind"}},
	{{"your changes will be thrown away when you have logged out everywhere; carrel home "
	  "keep takes that back",
	  "sus cambios se descartarán cuando haya cerrado todas sus sesiones; carrel home keep "
	  "lo anula",
	  "zure aldaketak baztertu egingo dira saio guztiak itxi dituzunean; carrel home keep "
	  "aginduak hori bertan behera uzten du",
	  "Ihre Änderungen werden verworfen, sobald Sie überall abgemeldet sind; carrel home "
	  "keep nimmt das zurück"}},
	{{"this time your changes stay as they are when you log out",
	  "esta vez sus cambios se quedarán como están al cerrar la sesión",
	  "oraingoan zure aldaketak dauden bezala geratuko dira saioa ixtean",
	  "Dieses Mal bleiben Ihre Änderungen beim Abmelden, wie sie sind"}},
	{{"your changes stay", "sus cambios se conservan", "zure aldaketak gorde egingo dira",
	  "Ihre Änderungen bleiben erhalten"}},
	{{"that snapshot is noted already, for when you have logged out everywhere",
	  "esa instantánea ya está anotada para cuando haya cerrado todas sus sesiones",
	  "argazki hori apuntatuta dago lehendik, saio guztiak itxi dituzunerako",
	  "Dieser Schnappschuss ist schon vorgemerkt: Er entsteht, sobald Sie überall "
	  "abgemeldet sind"}},
	{{"{1} wishes are noted and no more can be: log out everywhere first",
	  "ya hay {1} peticiones anotadas y no caben más: cierre antes todas sus sesiones",
	  "{1} eskaera daude apuntatuta eta ez da gehiago sartzen: itxi lehenik saio guztiak",
	  "{1} Wünsche sind schon vorgemerkt, mehr können es nicht werden: Melden Sie sich "
	  "zuerst überall ab"}},
	{{"cannot note it: {1}", "no se puede anotar: {1}", "ezin da apuntatu: {1}",
	  "Das kann nicht vorgemerkt werden: {1}"}},
	{{"{1}  the changes are thrown away when you have logged out everywhere",
	  "{1}  los cambios se descartarán cuando haya cerrado todas sus sesiones",
	  "{1}  aldaketak baztertu egingo dira saio guztiak itxi dituzunean",
	  "{1}  Die Änderungen werden verworfen, sobald Sie überall abgemeldet sind"}},
	{{"{1}  the changes stay when you have logged out everywhere",
	  "{1}  los cambios se quedarán cuando haya cerrado todas sus sesiones",
	  "{1}  aldaketak gorde egingo dira saio guztiak itxi dituzunean",
	  "{1}  Die Änderungen bleiben, wenn Sie überall abgemeldet sind"}},
	{{"{1}  when you have logged out everywhere", "{1}  cuando haya cerrado todas sus sesiones",
	  "{1}  saio guztiak itxi dituzunean", "{1}  sobald Sie überall abgemeldet sind"}},
	{{"this is no room: it is for logins that carrel has given one",
	  "esto no es una sala: el programa es para las sesiones a las que carrel ha dado una",
	  "hau ez da gela bat: programa hau carrelek gela bat eman dien saioetarako da",
	  "Dies ist kein Raum: Das Programm ist für Sitzungen, denen carrel einen gegeben hat"}},
	{{"this room shows no limits of yours", "esta sala no muestra ningún límite suyo",
	  "gela honek ez du zure mugarik erakusten", "Dieser Raum zeigt keine Grenzen, die für Sie gelten"}},
	{{"LIMIT", "LÍMITE", "MUGA", "GRENZE"}},
	{{"MOST", "MÁXIMO", "GEHIENEZ", "MAXIMUM"}},
	{{"USED", "USADO", "ERABILITA", "BENUTZT"}},
	{{"memory", "memoria", "memoria", "Speicher"}},
	{{"memory, slowed above", "memoria, freno desde", "memoria, moteltze-muga", "Speicher, gebremst ab"}},
	{{"swap", "memoria de intercambio", "trukatze-memoria", "Auslagerungsspeicher"}},
	{{"tasks", "procesos e hilos", "prozesuak eta hariak", "Prozesse und Threads"}},
	{{"cpu", "procesador", "prozesadorea", "Prozessor"}},
	{{"home", "directorio personal", "direktorio pertsonala", "Heimverzeichnis"}},
	{{"io of device {1}", "E/S del disco {1}", "diskoaren S/I {1}", "E/A von Gerät {1}"}},
	{{"none", "sin límite", "mugarik ez", "keine"}},
	{{"now", "ahora", "orain", "jetzt"}},
	{{"was held back for {1} s: it wanted more processor time",
	  "se frenó la sesión durante {1} s: quería más tiempo de procesador",
	  "saioa {1} segundoz moteldu da: prozesadore-denbora gehiago nahi zuen",
	  "wurde die Sitzung {1} s lang gebremst: sie wollte mehr Prozessorzeit"}},
	{{"waited for disks for {1} s", "la sesión esperó a los discos durante {1} s",
	  "saioak {1} segundoz itxaron die diskoei", "hat die Sitzung {1} s lang auf Datenträger gewartet"}},
	{{"Nothing has stopped processes of yours.", "No se ha detenido ningún proceso suyo.",
	  "Ez da zure prozesurik geldiarazi.", "Keiner Ihrer Prozesse wurde aufgehalten."}},
};

const struct crl_retold_texts crl_user_texts = {rows, CRL_ARRAY_LEN(rows)};
