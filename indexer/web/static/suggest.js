// Suggestions under the search box. Without this script the page works as it does with it, but for them.
(() => {
  "use strict";
  const form = document.querySelector("form.search");
  if (!form) return;
  const input = form.elements.q;
  const KINDS = { word: "", agency: "제공기관", title: "데이터셋" };
  const WAIT = 60;

  const list = document.createElement("ul");
  list.id = "suggestions";
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "추천 검색어");
  const status = document.createElement("p");
  status.className = "unseen";
  status.setAttribute("role", "status");
  form.append(list, status);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list",
  })) input.setAttribute(name, value);

  let found = [];
  let chosen = -1;
  let timer = 0;
  let asking = null;

  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) choose(-1);
  };

  const choose = (place) => {
    chosen = place;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    if (place < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[place].id);
      list.children[place].scrollIntoView({ block: "nearest" });
    }
  };

  const fields = () => new URLSearchParams(new FormData(form));

  const go = (each) => {
    if (each.id) {
      location.assign(`/datasets/${encodeURIComponent(each.id)}`);
      return;
    }
    const wanted = fields();
    if (each.kind === "agency") {
      wanted.delete("organization");
      wanted.append("organization", each.text);
      if (each.rest) wanted.set("q", each.rest);
      else wanted.delete("q");
    } else wanted.set("q", each.text);
    location.assign(`/?${wanted}`);
  };

  const span = (name, text) => {
    const made = document.createElement("span");
    made.className = name;
    made.textContent = text;
    return made;
  };

  const draw = () => {
    list.replaceChildren(...found.map((each, at) => {
      const option = document.createElement("li");
      option.id = `suggestion-${at}`;
      option.setAttribute("role", "option");
      option.append(span("text", each.text));
      if (KINDS[each.kind]) option.append(" ", span("kind", KINDS[each.kind]));
      option.append(" ", span("count", `${each.count.toLocaleString("ko")}건`));
      // Before the box loses the focus, which would close the list.
      option.addEventListener("mousedown", (event) => {
        event.preventDefault();
        go(each);
      });
      return option;
    }));
    status.textContent = found.length ? `추천 ${found.length}개` : "";
    show(found.length > 0);
    choose(-1);
  };

  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const wanted = fields();
    for (const name of ["sort", "size", "from", "cursor", "exact", "explain", "fold"]) wanted.delete(name);
    if (!input.value.trim()) {
      found = [];
      draw();
      return;
    }
    try {
      const answer = await fetch(`/api/suggest?${wanted}`, { signal: asking.signal });
      if (!answer.ok) return;
      found = (await answer.json()).suggestions;
      if (document.activeElement === input) draw();
    } catch {
      // Overtaken by the next key, or no connection: what stands there stays.
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  input.addEventListener("blur", () => show(false));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const { key } = event;
    if ((key === "ArrowDown" || key === "ArrowUp") && found.length) {
      event.preventDefault();
      if (list.hidden) show(true);
      const step = key === "ArrowDown" ? 1 : -1;
      choose(((chosen + 1 + step + found.length + 1) % (found.length + 1)) - 1);
    } else if (key === "Enter" && chosen >= 0 && !list.hidden) {
      event.preventDefault();
      go(found[chosen]);
    } else if (key === "Escape" && !list.hidden) {
      event.preventDefault();
      show(false);
    }
  });
})();
