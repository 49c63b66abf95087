// What the text in a field takes as SMS, told while it is typed: segments.py for the browser, with the same tables.
{
  const BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
  const EXTENSION = "\f^{}\\[~]|€";
  const LIMITS = {"GSM-7": [160, 153], "UCS-2": [70, 67]};
  const SUBSTITUTES = {
    "‘":"'", "’":"'", "‚":"'", "‛":"'", "′":"'", "‹":"'", "›":"'", "´":"'", "`":"'", "ʼ":"'", "“":"\"",
    "”":"\"", "„":"\"", "‟":"\"", "″":"\"", "«":"\"", "»":"\"", "‐":"-", "‑":"-", "‒":"-", "–":"-", "—":"-",
    "―":"-", "−":"-", "•":"*", "‣":"*", "▪":"*", "●":"*", "◦":"*", "·":"*", "\t":" ", "\u00a0":" ",
    "\u2000":" ", "\u2001":" ", "\u2002":" ", "\u2003":" ", "\u2004":" ", "\u2005":" ", "\u2006":" ",
    "\u2007":" ", "\u2008":" ", "\u2009":" ", "\u200a":" ", "\u202f":" ", "\u205f":" ", "\u3000":" ",
    "\u2028":"\n", "\u2029":"\n", "\u00ad":"", "\u200b":"", "\u200e":"", "\u200f":"", "\u2060":"",
    "\ufeff":"", "…":"...", "→":"->", "×":"x", "₱":"PHP", "™":"(TM)", "©":"(C)", "®":"(R)"
  };

  const GSM = new Set(BASIC + EXTENSION);

  function measure(text) {
    const chars = [...text];
    const misfits = [...new Set(chars)].filter((char) => !GSM.has(char));
    const encoding = misfits.length ? "UCS-2" : "GSM-7";
    const size = (char) => encoding === "UCS-2" ? char.length : EXTENSION.includes(char) ? 2 : 1;
    const [whole, each] = LIMITS[encoding];
    const units = chars.reduce((sum, char) => sum + size(char), 0);
    if (units <= whole) return { encoding, misfits, segments: text ? 1 : 0, left: whole - units };
    let segments = 1, used = 0;
    for (const char of chars) {
      if (used + size(char) > each) { segments += 1; used = 0; }
      used += size(char);
    }
    return { encoding, misfits, segments, left: each - used };
  }

  function gsmSafe(text) {
    const safe = [...text.normalize("NFC")].map((char) => {
      if (GSM.has(char)) return char;
      if (Object.hasOwn(SUBSTITUTES, char)) return SUBSTITUTES[char];
      const letter = char.normalize("NFD")[0];
      return /^[A-Za-z]$/.test(letter) ? letter : char;
    });
    return safe.join("").replace(/(?<=[A-Za-z])[\u0300-\u036f]+/g, "");
  }

  function shown(char) {
    const code = `U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    return /[\p{Z}\p{C}]/u.test(char) ? code : char;
  }

  function told({ encoding, misfits, segments, left }, most) {
    const fits = `${segments} of ${most} segments · ${left} characters left`;
    const count = segments > most ? `${segments} segments, ${most} at most` : fits;
    const names = misfits.slice(0, 10).map(shown).join(" ") + (misfits.length > 10 ? " …" : "");
    return `${count} · ${encoding}${names && ` for ${names}`}`;
  }

  // As if it had been typed, so that Ctrl-Z brings the former text back.
  function retype(field, text) {
    field.focus();
    field.select();
    document.execCommand("insertText", false, text);
  }

  function watch(field) {
    const most = Number(field.dataset.maxSegments);
    const line = document.createElement("div"), words = document.createElement("output");
    const button = document.createElement("button");
    line.className = "sms-counter";
    button.type = "button";
    button.textContent = "Make GSM-safe";
    button.title = "Replaces quotes, dashes, accents and the like that make the whole text travel in UCS-2";
    line.append(words, button);
    field.after(line);
    const show = () => {
      const size = measure(field.value);
      words.textContent = told(size, most);
      line.classList.toggle("too-long", size.segments > most);
      button.hidden = gsmSafe(field.value) === field.value;
    };
    field.addEventListener("input", show);
    button.addEventListener("click", () => retype(field, gsmSafe(field.value)));
    show();
  }

  const begin = () => document.querySelectorAll("textarea[data-max-segments]").forEach(watch);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
}
