// Below a template's text: what would be sent, asked of the server while it is written.
{
  const WAIT = 250; // milliseconds without a change

  function line(className) {
    const element = document.createElement("div");
    element.className = className;
    return element;
  }

  function watch(field) {
    const form = field.form, box = line("sms-preview");
    const text = line("bubble"), told = document.createElement("output"), problems = line("problems");
    box.append(text, told, problems);
    field.after(box);
    let timer = 0, latest = 0;

    function show(answer) {
      text.hidden = !answer.text;
      text.textContent = answer.text || "";
      told.textContent = answer.told || "";
      problems.textContent = (answer.problems || []).join(" ");
    }

    async function ask() {
      const number = ++latest;
      try {
        const answer = await fetch(field.dataset.preview, { method: "POST", body: new FormData(form) });
        if (number === latest) show(answer.ok ? await answer.json() : { problems: [`No preview: ${answer.status}`] });
      } catch {
        if (number === latest) show({ problems: ["No preview: the service cannot be reached."] });
      }
    }

    const later = () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    ask();
  }

  const begin = () => document.querySelectorAll("textarea[data-preview]").forEach(watch);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
}
