// SPDX-License-Identifier: Apache-2.0
/*
 * The table: what carrel-shell says that its user can do something about.
 * A row is one text; all of it in the order of enum crl_language. The English is that of the code (check-retold).
 */
#include "shell/said.h"

#include "base/scope.h"

static const struct crl_retold_text rows[] = {
	{{"you are in no room, and no policy is published for you: no shell is started",
	  "no está en ninguna sala y no hay ninguna política publicada para usted: no se inicia "
	  "ningún shell",
	  "ez zaude gela batean eta ez dago zuretzat argitaratutako politikarik: ez da shellik "
	  "abiarazten",
	  "Sie sind in keinem Raum, und für Sie ist keine Richtlinie veröffentlicht: Es wird "
	  "keine Shell gestartet"}},
	{{"nothing says which shell is yours: this one is what passwd has, and the policy has "
	  "no shell.path",
	  "nada indica cuál es su shell: este es el que figura en passwd, y la política no "
	  "tiene shell.path",
	  "ezerk ez du esaten zein den zure shella: hau da passwd fitxategikoa, eta politikak "
	  "ez du shell.path",
	  "Nirgends steht, welche Ihre Shell ist: In passwd steht diese hier, und die "
	  "Richtlinie hat kein shell.path"}},
	{{"cannot execute your shell", "no se puede ejecutar su shell", "ezin da zure shella exekutatu",
	  "Ihre Shell kann nicht ausgeführt werden"}},
	{{"cannot execute {1}: {2}", "no se puede ejecutar {1}: {2}", "ezin da {1} exekutatu: {2}",
	  "{1} kann nicht ausgeführt werden: {2}"}},
	{{"another room of yours shows the home that is kept, and it cannot be had from there; "
	  "end it",
	  "otra sala suya muestra el directorio personal con los cambios guardados y no se "
	  "puede tomar de ella; ciérrela",
	  "zure beste gela batek erakusten du aldaketak gordeta dituen direktorio pertsonala, "
	  "eta ezin da handik hartu; itxi ezazu",
	  "Ein anderer Raum von Ihnen zeigt das Heimverzeichnis mit den aufbewahrten "
	  "Änderungen, von dort ist es nicht zu haben; beenden Sie ihn"}},
	{{"another room of yours with the home that is kept is being made",
	  "se está creando otra sala suya con el directorio personal que guarda los cambios",
	  "aldaketak gordetzen dituen direktorio pertsonala duen zure beste gela bat sortzen "
	  "ari da",
	  "Ein anderer Raum von Ihnen mit dem aufbewahrten Heimverzeichnis entsteht gerade"}},
	{{"what is kept of the home is locked by somebody else",
	  "alguien tiene bloqueados los cambios guardados del directorio personal",
	  "beste norbaitek blokeatuta dauzka direktorio pertsonalaren aldaketa gordeak",
	  "Die aufbewahrten Änderungen am Heimverzeichnis sind von jemand anderem gesperrt"}},
	{{"what is published for uid {1} is for user {2}, who has that number no more",
	  "lo publicado para el uid {1} es para el usuario {2}, que ya no tiene ese número",
	  "{1} uid-arentzat argitaratutakoa {2} erabiltzailearena da, eta hark ez du jada "
	  "zenbaki hori",
	  "Was für die uid {1} veröffentlicht ist, gilt für {2}, und dieser Benutzer hat die "
	  "Nummer nicht mehr"}},
	{{"carrel: this room does without: {1}", "carrel: esta sala prescinde de: {1}",
	  "carrel: gela honek ez dauka: {1}", "carrel: Dieser Raum kommt aus ohne: {1}"}},
	{{"you are in no room: root", "no está en ninguna sala: root", "ez zaude gela batean: root",
	  "Sie sind in keinem Raum: root"}},
	{{"you are in no room: the group {1}", "no está en ninguna sala: pertenece al grupo {1}",
	  "ez zaude gela batean: {1} taldekoa zara", "Sie sind in keinem Raum: Sie gehören zur Gruppe {1}"}},
	{{"you are in no room: carrel is switched off", "no está en ninguna sala: carrel está desactivado",
	  "ez zaude gela batean: carrel itzalita dago", "Sie sind in keinem Raum: carrel ist abgeschaltet"}},
};

const struct crl_retold_texts crl_shell_texts = {rows, CRL_ARRAY_LEN(rows)};
