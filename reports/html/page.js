"use strict";
(() => {
  const root = document.documentElement;
  const all = (pattern, within = document) => [...within.querySelectorAll(pattern)];
  root.classList.add("js");

  // Browsers may forbid storage to pages that are opened from disk.
  const kept = { get() { try { return localStorage.getItem("theme"); } catch { return null; } },
                 set(value) { try { localStorage.setItem("theme", value); } catch { /* the choice lasts as long as the page */ } } };
  const paint = (theme) => { if (theme === "light" || theme === "dark") root.dataset.theme = theme; else delete root.dataset.theme; };
  paint(kept.get());

  const setTheme = () => {
    const select = document.getElementById("theme");
    select.value = root.dataset.theme || "auto";
    select.addEventListener("change", () => { paint(select.value); kept.set(select.value); });
  };

  // Sorting: numbers by size, words by letter, words among numbers last whichever way.
  const keyOf = (cell) => {
    const text = cell.textContent.trim();
    const number = text === "" ? NaN : Number(cell.dataset.sort ?? text);
    return Number.isNaN(number) ? { text } : { number };
  };
  const order = new Intl.Collator("en", { numeric: true }).compare;
  const compare = (way) => (one, other) => {
    const numbers = ("number" in one.key) + ("number" in other.key);
    if (numbers === 1) return "number" in one.key ? -1 : 1;
    const found = numbers ? one.key.number - other.key.number : order(one.key.text, other.key.text);
    return way * found || one.place - other.place;
  };
  const sortBy = (table, heading, column) => {
    const next = { none: "ascending", ascending: "descending", descending: "none" }[heading.getAttribute("aria-sort") || "none"];
    all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
    if (next !== "none") heading.setAttribute("aria-sort", next);
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, place: Number(row.dataset.place), key: next === "none" ? {} : keyOf(row.cells[column]) }));
    rows.sort(next === "none" ? (one, other) => one.place - other.place : compare(next === "ascending" ? 1 : -1));
    body.append(...rows.map((each) => each.row));
  };
  const setSorting = (table) => {
    [...table.tBodies[0].rows].forEach((row, place) => { row.dataset.place = place; });
    if (table.tBodies[0].rows.length < 2) return;
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const link = heading.querySelector("a");
      const button = document.createElement("button");
      button.type = "button";
      if (link) { button.setAttribute("aria-label", `Sort by ${heading.textContent.trim()}`); heading.append(" ", button); }
      else { button.append(...heading.childNodes); heading.append(button); }
      button.addEventListener("click", () => sortBy(table, heading, column));
    });
  };

  // Filtering: all words must be in a row, or the row must be of the group that a link led to.
  const filters = new Map();
  const setFilter = (input) => {
    const chapter = input.closest(".chapter");
    const rows = all("tbody tr", chapter).map((row) => ({ row, text: row.textContent.toLowerCase() }));
    const output = chapter.querySelector("output"), everything = input.parentElement.querySelector("button");
    let group = null;
    const apply = () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const { row, text } of rows) {
        const fits = (group === null || row.dataset.group === group) && words.every((word) => text.includes(word));
        row.hidden = !fits;
        count += fits;
      }
      for (const table of all("table", chapter)) table.closest(".scroll").hidden = [...table.tBodies[0].rows].every((row) => row.hidden);
      everything.hidden = count === rows.length;
      output.value = count === rows.length ? `${count} row${count === 1 ? "" : "s"}` : `${count} of ${rows.length} rows`;
      measure();
    };
    const show = (text, of = null) => { input.value = text; group = of; apply(); };
    input.addEventListener("input", () => { group = null; apply(); });
    everything.addEventListener("click", () => { show(""); input.focus(); });
    filters.set(chapter, show);
  };
  const follow = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!row || row.dataset.group === undefined) return;
    filters.get(document.getElementById("cells"))("", row.dataset.group);
    document.getElementById("cells").scrollIntoView();
  };
  const setLinks = () => {
    addEventListener("hashchange", follow);
    document.addEventListener("click", (event) => {
      const link = event.target.closest && event.target.closest("a[href^='#']");
      if (!link) return;
      if (link.dataset.find !== undefined) filters.get(document.getElementById("cells"))(link.dataset.find);
      else if (link.hash === location.hash) follow();
      if (matchMedia("(max-width: 69.99rem)").matches && link.closest(".contents")) link.closest("details").open = false;
    });
    follow();
  };

  // Only what can be scrolled takes the keyboard's focus.
  const measure = () => all(".scroll").forEach((frame) => {
    const wide = frame.scrollWidth > frame.clientWidth + 1 || frame.scrollHeight > frame.clientHeight + 1;
    frame.dataset.name ??= frame.getAttribute("aria-label");
    if (wide) { frame.tabIndex = 0; frame.setAttribute("role", "region"); frame.setAttribute("aria-label", frame.dataset.name); }
    else { ["tabindex", "role", "aria-label"].forEach((name) => frame.removeAttribute(name)); }
  });

  // Copying, by hand where a page may not.
  const tell = (words) => {
    const told = document.getElementById("told");
    told.textContent = words;
    clearTimeout(tell.later);
    tell.later = setTimeout(() => { told.textContent = ""; }, 4000);
  };
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); tell("Copied."); } catch { byHand(text); }
  };
  const byHand = (text) => {
    const area = document.getElementById("by-hand-text");
    area.value = text;
    document.getElementById("by-hand").showModal();
    area.select();
  };
  const setCopies = () => {
    const { parts, lines } = JSON.parse(document.getElementById("copies").textContent);
    all("[data-copy]").forEach((button) => button.addEventListener("click", () =>
      copy(lines[button.dataset.copy].map((part) => parts[part]).join("\n\n"))));
    all("[data-copy-from]").forEach((button) => button.addEventListener("click", () =>
      copy(document.getElementById(button.dataset.copyFrom).textContent)));
    document.getElementById("by-hand-close").addEventListener("click", () => document.getElementById("by-hand").close());
  };

  // Films.
  const setFilm = (film) => {
    const slider = film.querySelector("input");
    if (!slider) return;
    const { steps, kind, frames } = JSON.parse(film.querySelector("script").textContent);
    const play = film.querySelector(".play"), output = film.querySelector("output");
    const strips = all(".strip", film).map((strip, place) => ({
      image: strip.querySelector("img"), none: strip.querySelector("em"),
      sources: [...frames[place].map((frame) => frame && `data:${kind};base64,${frame}`), strip.querySelector("img").getAttribute("src")],
    }));
    const show = (place) => {
      for (const { image, none, sources } of strips) {
        if (sources[place]) image.src = sources[place];
        image.hidden = !sources[place];
        none.hidden = Boolean(sources[place]);
      }
      output.value = steps[place].toLocaleString("en");
      slider.setAttribute("aria-valuetext", `step ${steps[place]}`);
    };
    let timer = 0;
    const stop = () => { clearInterval(timer); timer = 0; play.textContent = "Play"; play.setAttribute("aria-pressed", "false"); };
    const forward = () => {
      slider.value = (Number(slider.value) + 1) % steps.length;
      show(Number(slider.value));
      if (Number(slider.value) === steps.length - 1) stop();
    };
    slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
    play.addEventListener("click", () => {
      if (timer) { stop(); return; }
      timer = setInterval(forward, 700);
      play.textContent = "Pause";
      play.setAttribute("aria-pressed", "true");
      forward();
    });
  };

  const setContents = () => {
    const links = new Map(all(".contents a").map((link) => [link.hash.slice(1), link]));
    const seen = new IntersectionObserver((entries) => {
      const entered = entries.filter((entry) => entry.isIntersecting).pop();
      if (!entered) return;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entered.target.id).setAttribute("aria-current", "location");
    }, { rootMargin: "0px 0px -75% 0px" });
    links.forEach((link, id) => seen.observe(document.getElementById(id)));
    if (matchMedia("(max-width: 69.99rem)").matches) document.querySelector(".contents details").open = false;
  };
  const setPrinting = () => {
    let closed = [];
    addEventListener("beforeprint", () => { closed = all("main details:not([open])"); closed.forEach((each) => { each.open = true; }); });
    addEventListener("afterprint", () => closed.forEach((each) => { each.open = false; }));
  };

  addEventListener("DOMContentLoaded", () => {
    setTheme();
    all("table").forEach(setSorting);
    all("[data-filter]").forEach(setFilter);
    all(".film").forEach(setFilm);
    setCopies();
    setContents();
    setPrinting();
    setLinks();
    measure();
    addEventListener("resize", measure);
  });
})();
