// SPDX-License-Identifier: Apache-2.0
/* The table, and how a phrase is put together. See phrases.h. */
#include "base/phrases.h"

#include <stdbool.h>
#include <string.h>

/* A row is a phrase; all of it in the order of enum crl_language. */
static const char *const phrases[CRL_PHRASE_COUNT][CRL_LANGUAGE_COUNT] = {
	[CRL_PHRASE_REFUSED] =
		{"carrel: this login was refused (code {1}). Please tell your administrator.",
		 "carrel: se ha rechazado este inicio de sesión (código {1}). Avise a su administrador.",
		 "carrel: saio-hasiera hau ukatu egin da (kodea: {1}). Jakinarazi administratzaileari, mesedez.",
		 "carrel: Diese Anmeldung wurde abgelehnt (Code {1}). Bitte informieren Sie Ihre Systemverwaltung."},
	[CRL_PHRASE_REFUSED_CONTACT] = {"carrel: this login was refused (code {1}). {2}",
					"carrel: se ha rechazado este inicio de sesión (código {1}). {2}",
					"carrel: saio-hasiera hau ukatu egin da (kodea: {1}). {2}",
					"carrel: Diese Anmeldung wurde abgelehnt (Code {1}). {2}"},
	[CRL_PHRASE_DRAINED] = {"carrel: this host takes no new logins now (code {1})",
				"carrel: este equipo no admite ahora nuevos inicios de sesión (código {1})",
				"carrel: makina honek ez du saio berririk onartzen une honetan (kodea: {1})",
				"carrel: Dieser Rechner nimmt zurzeit keine neuen Anmeldungen an (Code {1})"},
	[CRL_PHRASE_DRAINED_SAYS] = {"carrel: this host takes no new logins now: {1} (code {2})",
				     "carrel: este equipo no admite ahora nuevos inicios de sesión: {1} (código {2})",
				     "carrel: makina honek ez du saio berririk onartzen une honetan: {1} (kodea: {2})",
				     "carrel: Dieser Rechner nimmt zurzeit keine neuen Anmeldungen an: {1} (Code {2})"},
	[CRL_PHRASE_YOUR_LOGIN] = {"carrel: your login of {1}", "carrel: en su sesión ({1})",
				   "carrel: zure saioan ({1})", "carrel: In Ihrer Sitzung ({1})"},
	[CRL_PHRASE_EARLIER] = {"earlier", "antes", "lehenago", "früher"},
	[CRL_PHRASE_LIMIT] = {" (limit {1})", " (límite: {1})", " (muga: {1})", " (Grenze: {1})"},
	[CRL_PHRASE_MEMORY] = {"had a process ended for memory", "se terminó un proceso por falta de memoria",
			       "prozesu bat amaiarazi da memoria faltagatik",
			       "wurde ein Prozess wegen Speichermangels beendet"},
	[CRL_PHRASE_MEMORY_MANY] = {"had {1} processes ended for memory",
				    "se terminaron {1} procesos por falta de memoria",
				    "{1} prozesu amaiarazi dira memoria faltagatik",
				    "wurden {1} Prozesse wegen Speichermangels beendet"},
	[CRL_PHRASE_TASKS] = {"could not start a process, there were too many",
			      "no se pudo iniciar un proceso porque había demasiados",
			      "ezin izan da prozesu bat abiarazi, gehiegi baitzeuden",
			      "konnte ein Prozess nicht gestartet werden, weil es zu viele waren"},
	[CRL_PHRASE_TASKS_MANY] = {"could not start processes {1} times, there were too many",
				   "no se pudieron iniciar procesos {1} veces porque había demasiados",
				   "{1} aldiz ezin izan da prozesurik abiarazi, gehiegi baitzeuden",
				   "konnten {1}-mal keine Prozesse gestartet werden, weil es zu viele waren"},
	[CRL_PHRASE_HOME] = {"had its home full", "se llenó su directorio personal",
			     "zure direktorio pertsonala bete egin da", "war Ihr Heimverzeichnis voll"},
	[CRL_PHRASE_TMP] = {"had its /tmp full", "se llenó /tmp", "/tmp bete egin da", "war /tmp voll"},
	[CRL_PHRASE_LINGER] = {"had a process ended when its time after logout was over",
			       "se terminó un proceso al agotarse su tiempo tras el cierre de sesión",
			       "prozesu bat amaiarazi da, saioa itxi ondorengo denbora agortu delako",
			       "wurde ein Prozess beendet, als seine Zeit nach der Abmeldung um war"},
	[CRL_PHRASE_LINGER_MANY] = {"had {1} processes ended when their time after logout was over",
				    "se terminaron {1} procesos al agotarse su tiempo tras el cierre de sesión",
				    "{1} prozesu amaiarazi dira, saioa itxi ondorengo denbora agortu delako",
				    "wurden {1} Prozesse beendet, als ihre Zeit nach der Abmeldung um war"},
	[CRL_PHRASE_KILLED] = {"was ended by the administrator", "el administrador terminó la sesión",
			       "administratzaileak saioa amaitu du",
			       "wurde die Sitzung von der Systemverwaltung beendet"},
	[CRL_PHRASE_FROZEN] = {"was stopped by the administrator", "el administrador detuvo la sesión",
			       "administratzaileak saioa geldiarazi du",
			       "wurde die Sitzung von der Systemverwaltung angehalten"},
	[CRL_PHRASE_HELD] = {"was held back for memory for a second",
			     "se frenó la sesión durante un segundo por su uso de memoria",
			     "saioa segundo batez moteldu da memoria-erabileragatik",
			     "wurde die Sitzung wegen ihres Speicherverbrauchs eine Sekunde lang gebremst"},
	[CRL_PHRASE_HELD_MANY] = {"was held back for memory for {1} seconds",
				  "se frenó la sesión durante {1} segundos por su uso de memoria",
				  "saioa {1} segundoz moteldu da memoria-erabileragatik",
				  "wurde die Sitzung wegen ihres Speicherverbrauchs {1} Sekunden lang gebremst"},
	[CRL_PHRASE_CALL] = {"had a system call refused", "se rechazó una llamada al sistema",
			     "sistema-dei bat ukatu da", "wurde ein Systemaufruf verweigert"},
	[CRL_PHRASE_CALL_MANY] = {"had {1} system calls refused", "se rechazaron {1} llamadas al sistema",
				  "{1} sistema-dei ukatu dira", "wurden {1} Systemaufrufe verweigert"},
	[CRL_PHRASE_CHANGES] =
		{"your home has {1} change kept beside it, see: carrel home diff",
		 "su directorio personal tiene {1} cambio guardado aparte; véalo con: carrel home diff",
		 "zure direktorio pertsonalak aldaketa {1} du aparte gordeta; ikusteko: carrel home diff",
		 "neben Ihrem Heimverzeichnis ist {1} Änderung aufbewahrt, siehe: carrel home diff"},
	[CRL_PHRASE_CHANGES_MANY] =
		{"your home has {1} changes kept beside it, see: carrel home diff",
		 "su directorio personal tiene {1} cambios guardados aparte; véalos con: carrel home diff",
		 "zure direktorio pertsonalak {1} aldaketa ditu aparte gordeta; ikusteko: carrel home diff",
		 "neben Ihrem Heimverzeichnis sind {1} Änderungen aufbewahrt, siehe: carrel home diff"},
	[CRL_PHRASE_MESSAGE] = {"Message from {1} ({2}):", "Mensaje de {1} ({2}):", "{1} erabiltzailearen mezua ({2}):",
				"Nachricht von {1} ({2}):"},
	[CRL_PHRASE_DRAIN] = {"This host takes no new logins: {1}",
			      "Este equipo no admite nuevos inicios de sesión: {1}",
			      "Makina honek ez du saio berririk onartzen: {1}",
			      "Dieser Rechner nimmt keine neuen Anmeldungen an: {1}"},
	[CRL_PHRASE_DRAIN_MUTE] = {"This host takes no new logins.", "Este equipo no admite nuevos inicios de sesión.",
				   "Makina honek ez du saio berririk onartzen.",
				   "Dieser Rechner nimmt keine neuen Anmeldungen an."},
	[CRL_PHRASE_DRAIN_SAVE] = {"Please save your work and log out.",
				   "Guarde su trabajo y cierre la sesión, por favor.",
				   "Gorde zure lana eta itxi saioa, mesedez.",
				   "Bitte speichern Sie Ihre Arbeit und melden Sie sich ab."},
	[CRL_PHRASE_DRAIN_END] = {"What is still open at {1} is ended.",
				  "Lo que siga abierto entonces ({1}) se terminará.",
				  "{1} unean irekita dagoena amaiaraziko da.",
				  "Was dann ({1}) noch offen ist, wird beendet."},
};

const char *crl_language_name(enum crl_language language)
{
	static const char *const names[CRL_LANGUAGE_COUNT] = {
		[CRL_LANGUAGE_EN] = "en", [CRL_LANGUAGE_ES] = "es", [CRL_LANGUAGE_EU] = "eu", [CRL_LANGUAGE_DE] = "de"};

	return names[language < CRL_LANGUAGE_COUNT ? language : CRL_LANGUAGE_EN];
}

const char *crl_phrase_text(enum crl_language language, enum crl_phrase phrase)
{
	if (phrase >= CRL_PHRASE_COUNT)
		return "";
	return phrases[phrase][language < CRL_LANGUAGE_COUNT ? language : CRL_LANGUAGE_EN];
}

/* How much of @text goes into @room bytes: whole characters. */
static size_t whole(const char *text, size_t len, size_t room)
{
	if (len <= room)
		return len;
	while (room > 0 && ((unsigned char)text[room] & 0xc0) == 0x80)
		room--;
	return room;
}

const char *crl_say(char *buf, size_t size, const struct crl_saying *what, const char *one, const char *two)
{
	const char *const put[] = {one ? one : "", two ? two : ""};
	size_t at = 0;

	for (const char *p = crl_phrase_text(what->language, what->phrase); *p && size;) {
		bool place = p[0] == '{' && (p[1] == '1' || p[1] == '2') && p[2] == '}';
		const char *piece = place ? put[p[1] - '1'] : p;
		size_t len = place ? strlen(piece) : 1 + strcspn(p + 1, "{"), fits = whole(piece, len, size - 1 - at);

		memcpy(buf + at, piece, fits);
		at += fits;
		if (fits < len)
			break;
		p += place ? 3 : len;
	}
	if (size)
		buf[at] = '\0';
	return buf;
}
