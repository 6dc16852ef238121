"use strict";
// Draws the page from the JSON of report.json. Data only ever becomes text nodes, attributes set by
// name, or text for Plotly with its markup characters taken away; never HTML.
(function () {
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const COLOURS = { Real: "#0072b2", Synthetic: "#d55e00", Holdout: "#7d8790" };
  const EXTRA = ["#0072b2", "#d55e00", "#7d8790", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
  const SIGN = { pass: "✓", warn: "!", fail: "✕", info: "i" };
  const WORD = { pass: "passes", warn: "look closer", fail: "fails", info: "no verdict" };
  const CHIP = { pass: "pass", warn: "warning", fail: "fail", info: "for information" };

  // ---- small helpers -------------------------------------------------------------------------
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "class") node.className = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children.flat()) {
      if (child === null || child === undefined || child === "") continue;
      node.append(child.nodeType ? child : document.createTextNode(String(child)));
    }
    return node;
  }
  // Plotly reads a little HTML in texts; entities keep data what it is.
  const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const short = (text, n) => (String(text).length > n ? String(text).slice(0, n - 1) + "…" : String(text));

  function figure(value, unit) {
    if (value === null || value === undefined) return "–";
    if (unit === "share") {
      const percent = 100 * value, size = Math.abs(percent);
      if (size === 0) return "0 %";
      return (size >= 10 ? percent.toFixed(1) : size >= 0.1 ? percent.toFixed(2) : percent.toPrecision(2)) + " %";
    }
    if (unit === "auc") return value.toFixed(3);
    if (unit === "rows") return Math.round(value).toLocaleString("en");
    if (Number.isInteger(value)) return value.toLocaleString("en");
    const size = Math.abs(value);
    return size >= 1e6 || (size < 1e-4 && size > 0) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  }
  const cellText = (value) => value === null || value === undefined ? "" : typeof value === "number" ? figure(value, "") : String(value);
  const colourOf = (name, index) => COLOURS[name] || EXTRA[index % EXTRA.length];

  // ---- definitions on hover and focus ----------------------------------------------------------
  const tip = el("div", { class: "tip", role: "tooltip", id: "tip", hidden: true });
  document.body.append(tip);
  function showTip(anchor, text) {
    tip.textContent = text;
    tip.hidden = false;
    const box = anchor.getBoundingClientRect();
    const left = Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 16);
    tip.style.left = Math.max(8, left) + window.scrollX + "px";
    const below = box.bottom + 8 + tip.offsetHeight < window.innerHeight;
    tip.style.top = (below ? box.bottom + 8 : box.top - tip.offsetHeight - 8) + window.scrollY + "px";
  }
  const hideTip = () => { tip.hidden = true; };
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });

  // ---- plots: drawn when they come into view -----------------------------------------------------
  const waiting = new Map();
  const observer = "IntersectionObserver" in window
    ? new IntersectionObserver((entries) => entries.filter((e) => e.isIntersecting).forEach((e) => draw(e.target)), { rootMargin: "400px" })
    : null;
  function plot(make, className) {
    const node = el("div", { class: "plot" + (className ? " " + className : ""), "data-waiting": true });
    waiting.set(node, make);
    if (observer) observer.observe(node);
    return node;
  }
  function draw(node) {
    const make = waiting.get(node);
    if (!make || !node.isConnected) return;
    waiting.delete(node);
    if (observer) observer.unobserve(node);
    node.removeAttribute("data-waiting");
    const { traces, layout } = make();
    Plotly.newPlot(node, traces, Object.assign({
      margin: { l: 56, r: 12, t: 8, b: 46 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, -apple-system, Segoe UI, Roboto, Arial, sans-serif", size: 12, color: "#33414e" },
      legend: { orientation: "h", y: 1.12, x: 0 }, hoverlabel: { font: { size: 12 } }, colorway: EXTRA, dragmode: "zoom",
    }, layout), { responsive: true, displayModeBar: false });
    const root = document.documentElement.dataset;
    root.firstPlotMs = root.firstPlotMs || Math.round(performance.now());
  }
  const drawAll = () => { for (const node of [...waiting.keys()]) draw(node); };
  // On paper everything is open; afterwards as it was.
  let closed = [];
  window.addEventListener("beforeprint", () => { closed = [...document.querySelectorAll("details:not([open])")]; closed.forEach((d) => { d.open = true; }); drawAll(); });
  window.addEventListener("afterprint", () => { closed.forEach((d) => { d.open = false; }); closed = []; });
  window.drawAllPlots = drawAll;

  const axis = (title, more) => Object.assign({ title: { text: plain(title), font: { size: 12 } }, gridcolor: "#e8edf1", zerolinecolor: "#d3dbe1", automargin: true }, more);

  const DRAW = {
    histogram(block) {
      const edges = block.edges, centres = edges.slice(1).map((e, i) => (e + edges[i]) / 2);
      const ticks = block.edge_texts
        ? { tickvals: edges.filter((_, i) => i % Math.ceil(edges.length / 6) === 0), ticktext: block.edge_texts.filter((_, i) => i % Math.ceil(edges.length / 6) === 0).map(plain) } : {};
      const traces = block.series.map((s, i) => {
        const colour = colourOf(s.name, i);
        // A step line needs both ends of each bin.
        const x = [], y = [];
        s.values.forEach((v, k) => { x.push(edges[k], edges[k + 1]); y.push(v, v); });
        return { x, y, name: plain(s.name), type: "scatter", mode: "lines", line: { color: colour, width: i === 0 ? 1.5 : 2, dash: s.name.startsWith("Holdout") ? "dot" : "solid" },
          fill: i === 0 ? "tozeroy" : "none", fillcolor: colour + "2e", hovertemplate: "%{y:.2%}" };
      });
      return { traces, layout: { xaxis: axis(block.x_title, ticks), yaxis: axis("share of rows", { tickformat: ".1~%", rangemode: "tozero" }), hovermode: centres.length ? "x" : false } };
    },
    bars(block) {
      const n = block.labels.length, at = block.labels.map((_, i) => n - 1 - i);
      const traces = block.series.map((s, i) => ({ type: "bar", orientation: "h", y: at, x: s.values, name: plain(s.name), text: block.labels.map(plain), textposition: "none",
        marker: { color: colourOf(s.name, i) }, hovertemplate: "%{text}: %{x:.2%}" }));
      const layout = { barmode: "group", bargap: 0.25, showlegend: block.series.length > 1, xaxis: axis(block.x_title, { tickformat: ".0~%" }),
        yaxis: axis("", { tickvals: at, ticktext: block.labels.map((l) => plain(short(l, 28))), range: [-0.6, n - 0.4] }) };
      return { traces: traces.reverse(), layout: Object.assign(layout, { legend: { orientation: "h", y: 1.12, x: 0, traceorder: "reversed" } }) };
    },
    scatter(block) {
      const traces = block.series.map((s, i) => ({ type: "scatter", mode: "markers", x: s.x, y: s.y, name: plain(s.name), hoverinfo: "none",
        marker: { color: colourOf(s.name, i), size: 4.5, opacity: 0.5, symbol: ["circle", "diamond", "cross-thin-open"][i % 3] } }));
      return { traces, layout: { xaxis: axis(block.x_title), yaxis: axis(block.y_title), hovermode: false } };
    },
    lines(block) {
      const traces = block.series.map((s, i) => ({ type: "scatter", mode: "lines", x: s.x, y: s.y, name: plain(s.name), line: { width: 2, color: EXTRA[(i + 1) % EXTRA.length], dash: ["solid", "dash", "dot", "dashdot"][i % 4] } }));
      if (block.diagonal) traces.push({ type: "scatter", mode: "lines", x: [0, 1], y: [0, 1], name: "chance", line: { color: "#b8c4ce", width: 1.5, dash: "dot" }, hoverinfo: "skip" });
      return { traces, layout: { xaxis: axis(block.x_title), yaxis: axis(block.y_title), hovermode: "closest" } };
    },
    heatmap(block, which) {
      const m = block.matrices[which], names = block.names.map((n) => plain(short(n, 22))), n = names.length, at = names.map((_, i) => i);
      const scale = m.diverging ? [[0, "#0072b2"], [0.5, "#ffffff"], [1, "#d55e00"]] : [[0, "#ffffff"], [0.5, "#7fb6d6"], [1, "#08406b"]];
      const largest = Math.max(1e-9, ...m.values.map((row) => Math.max(...row.map((v) => Math.abs(v || 0)))));
      const signed = m.diverging || m.values.some((row) => row.some((v) => v < 0));
      const ticks = n > 60 ? { showticklabels: false } : { tickvals: at, ticktext: names, tickfont: { size: n > 25 ? 9 : 11 } };
      return { traces: [{ type: "heatmap", z: m.values, x: at, y: at, text: m.values.map((row, i) => row.map((v, j) => names[i] + " · " + names[j])), hovertemplate: "%{text}: %{z:.3f}", name: "",
        colorscale: signed ? [[0, "#0072b2"], [0.5, "#ffffff"], [1, "#d55e00"]] : scale, zmin: signed ? -largest : 0, zmax: largest, colorbar: { thickness: 10, outlinewidth: 0 } }],
        layout: { xaxis: Object.assign(axis("", ticks), { tickangle: -45, showgrid: false }), yaxis: Object.assign(axis("", ticks), { autorange: "reversed", showgrid: false }), margin: { l: 90, r: 10, t: 8, b: 90 } } };
    },
  };

  // ---- tables: sort and search ---------------------------------------------------------------------
  function sortable(headings, rows, options) {
    options = options || {};
    const isNumber = headings.map((_, k) => rows.some((r) => typeof r[k] === "number") && rows.every((r) => typeof r[k] === "number" || r[k] === null));
    const body = el("tbody");
    let shown = rows.slice(), wanted = "";
    const refill = () => {
      const hit = wanted ? shown.filter((r) => r.some((v) => cellText(v).toLowerCase().includes(wanted))) : shown;
      body.replaceChildren(...hit.map((r) => el("tr", {}, r.map((v, k) => el("td", { class: isNumber[k] ? "num" : null }, cellText(v))))));
    };
    const buttons = headings.map((heading, k) => el("button", { class: "sort", type: "button", onclick(event) {
      const up = event.currentTarget.dataset.dir !== "up";
      buttons.forEach((b) => { delete b.dataset.dir; b.parentNode.removeAttribute("aria-sort"); });
      event.currentTarget.dataset.dir = up ? "up" : "down";
      event.currentTarget.parentNode.setAttribute("aria-sort", up ? "ascending" : "descending");
      shown = rows.slice().sort((a, b) => order(a[k], b[k]) * (up ? 1 : -1));
      refill();
    } }, heading));
    refill();
    const table = el("table", {}, el("thead", {}, el("tr", {}, buttons.map((b, k) => el("th", { scope: "col", class: isNumber[k] ? "num" : null }, b)))), body);
    const search = rows.length > 12 || options.search
      ? el("div", { class: "tools" }, el("input", { type: "search", placeholder: "Search", "aria-label": "Search in " + (options.label || "table"), oninput(e) { wanted = e.target.value.toLowerCase(); refill(); } }),
        el("span", { class: "muted" }, rows.length + " rows")) : null;
    return el("div", {}, search, el("div", { class: "scroll" + (rows.length > 12 ? " tall" : ""), tabindex: rows.length > 12 ? 0 : null }, table));
  }
  function order(a, b) {
    if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
    if (b === null || b === undefined) return -1;
    return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  }

  function blockNode(block) {
    const title = block.title ? el("h4", {}, block.title) : null;
    if (block.type === "table") {
      const node = sortable(block.columns, block.rows, { label: block.title });
      return el("div", { class: "block" + (block.columns.length > 4 ? " wide" : "") }, title, node);
    }
    if (block.type === "heatmap") {
      const holder = el("div");
      const tall = block.names.length > 8;
      const show = (which) => {
        holder.replaceChildren(plot(() => DRAW.heatmap(block, which), tall ? "tall" : ""));
        buttons.forEach((b, k) => b.setAttribute("aria-pressed", String(k === which)));
      };
      const buttons = block.matrices.length > 1 ? block.matrices.map((m, k) => el("button", { type: "button", onclick: () => show(k) }, m.name)) : [];
      const node = el("div", { class: "block" + (block.names.length > 25 ? " wide" : "") }, title, buttons.length ? el("div", { class: "tools" }, el("div", { class: "switch", role: "group" }, buttons)) : null, holder);
      show(0);
      return node;
    }
    if (!DRAW[block.type]) return null;
    const tall = block.type === "bars" && block.labels.length * block.series.length > 24;
    return el("div", { class: "block" }, title, plot(() => DRAW[block.type](block), tall ? "tall" : ""));
  }
  const blocksNode = (blocks) => blocks && blocks.length ? el("div", { class: "blocks" }, blocks.map(blockNode)) : null;

  // ---- checks -------------------------------------------------------------------------------------
  function chip(verdict, rule) {
    return el("span", { class: "chip " + verdict, title: rule || null }, el("span", { "aria-hidden": "true" }, SIGN[verdict]), CHIP[verdict]);
  }
  function definitionOf(check) {
    return [check.definition, check.legacy_definition && "Legacy: " + check.legacy_definition, check.rule && "Verdict: " + check.rule + "."].filter(Boolean);
  }
  function checkRow(check) {
    const parts = definitionOf(check);
    const definition = el("div", { class: "definition", hidden: true }, parts.map((p) => el("p", {}, p)));
    const button = el("button", { class: "define", type: "button", "aria-expanded": "false", onclick() {
      definition.hidden = !definition.hidden;
      button.setAttribute("aria-expanded", String(!definition.hidden));
      hideTip();
    } }, check.title);
    if (parts.length) {
      const show = () => { if (definition.hidden) showTip(button, parts.join("\n")); };
      button.addEventListener("mouseenter", show); button.addEventListener("focus", show);
      button.addEventListener("mouseleave", hideTip); button.addEventListener("blur", hideTip);
    }
    const value = check.value === null
      ? el("td", { class: "num", "data-label": "Value" }, el("span", { class: "why" }, "not computed"))
      : el("td", { class: "num", "data-label": "Value" }, el("div", {}, el("span", { class: "value" }, figure(check.value, check.unit)),
        check.interval && el("small", { title: check.interval.method }, figure(check.interval.low, check.unit) + " to " + figure(check.interval.high, check.unit)),
        check.why_no_interval && el("small", { class: "why", title: "No interval: " + check.why_no_interval + "." }, "no interval")));
    return el("tr", { id: check.id },
      el("td", {}, button, definition, check.value === null ? el("small", {}, "Not computed: " + check.why_not_computed + ".") : null, check.note ? el("small", {}, check.note) : null),
      value,
      el("td", { class: "num" + (check.reference === null ? " empty" : ""), "data-label": "Reference" }, figure(check.reference, check.unit)),
      el("td", { class: "num" + (check.legacy === null ? " empty" : ""), "data-label": "Legacy" }, check.legacy === null ? "" : figure(check.legacy, "")),
      el("td", { "data-label": "Verdict" }, chip(check.verdict, check.rule)));
  }
  function checksTable(checks) {
    const legacy = checks.some((c) => c.legacy !== null);
    const table = el("table", { class: "checks" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Check"), el("th", { scope: "col", class: "num" }, "Value"),
      el("th", { scope: "col", class: "num" }, "Reference"), el("th", { scope: "col", class: "num" }, legacy ? "Legacy" : ""), el("th", { scope: "col" }, "Verdict"))),
      el("tbody", {}, checks.map(checkRow)));
    return el("div", { class: "scroll" }, table);
  }

  // ---- parts of the page ----------------------------------------------------------------------------
  function subject() {
    const s = report.subject, t = s.tables || {};
    const rows = (table) => table ? [table.rows.toLocaleString("en") + " rows", el("small", {}, table.file)] : ["none given"];
    const items = [["Real (the model saw it)", rows(t.real)], ["Synthetic (judged)", rows(t.synthetic)], ["Holdout (real, unseen)", rows(t.holdout)],
      ["Columns compared", [String(s.columns)]], ["Model", [s.model || "not named"]], ["Seed", [String(s.seed)]], ["Made", [s.created, el("small", {}, s.program)]]];
    document.getElementById("subject").append(...items.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  }
  const allChecks = (group) => group.sections.flatMap((s) => s.checks);
  // Three numbers a light, in words that fit; those that were not computed make room for the next.
  const HEADLINES = {
    quality: [["quality.shape_error", "Error of single columns"], ["quality.trend_error", "Error of pairs of columns"], ["quality.c2st_auc", "Told apart from real (½: cannot)"]],
    utility: [["utility.tstr_gap", "Loss of a model learned from it"], ["utility.global", "Relations that can be learned (1: all)"], ["utility.ci_overlap", "Overlap of regression intervals"]],
    privacy: [["privacy.exact_copies", "Rows that equal a real row"], ["privacy.dcr_share", "Nearer to the training data (½: no)"], ["privacy.lira_rows_auc", "Attack with shadow models (½: fails)"], ["privacy.mia_calibrated_auc", "Membership attack (½: fails)"]],
  };
  function light(group) {
    const c = group.counts, byId = new Map(allChecks(group).map((k) => [k.id, k]));
    const known = (HEADLINES[group.id] || []).map(([id, label]) => [byId.get(id), label]).filter(([k]) => k);
    const lines = [...known.filter(([k]) => k.value !== null), ...known.filter(([k]) => k.value === null)].slice(0, 3);
    return el("a", { class: "light " + group.verdict, href: "#" + group.id },
      el("div", { class: "top" }, el("span", { class: "lamp " + group.verdict, "aria-hidden": "true" }, SIGN[group.verdict]),
        el("div", {}, el("h3", {}, group.title), el("div", { class: "word" }, WORD[group.verdict]))),
      el("ul", {}, lines.map(([k, label]) => el("li", {}, el("span", {}, label), el("span", {}, k.value === null ? "not computed" : figure(k.value, k.unit))))),
      el("p", { class: "tally" }, [c.pass && c.pass + " pass", c.warn && c.warn + " warn", c.fail && c.fail + " fail", c.info && c.info + " for information", c.not_computed && c.not_computed + " not computed"].filter(Boolean).join(" · ")));
  }
  // What a reader in a hurry should take away, in one sentence.
  function outcome() {
    const checks = report.groups.flatMap(allChecks), count = (verdict) => checks.filter((c) => c.verdict === verdict).length;
    const many = (n, one, more) => (n === 0 ? "no check " + one : n === 1 ? "one check " + one : n + " checks " + more);
    const judged = many(count("fail"), "fails", "fail") + ", " + many(count("warn"), "asks for a closer look", "ask for a closer look") + ", " + many(count("pass"), "passes", "pass");
    const missing = checks.filter((c) => c.value === null).length;
    return judged[0].toUpperCase() + judged.slice(1) + "." + (missing ? " " + (missing === 1 ? "One could" : missing + " could") + " not be computed; each says why." : "") + " A light shows the worst verdict of the checks behind it.";
  }
  function summary() {
    const concerns = report.groups.flatMap(allChecks).filter((c) => c.verdict === "fail" || c.verdict === "warn").sort((a, b) => (a.verdict === "fail" ? 0 : 1) - (b.verdict === "fail" ? 0 : 1));
    const list = concerns.length
      ? el("ul", { class: "concerns" }, concerns.map((c) => el("li", {}, chip(c.verdict, c.rule),
        el("div", {}, el("a", { href: "#" + c.id }, c.title), el("small", {}, [c.rule && "Rule: " + c.rule + ".", c.note].filter(Boolean).join(" "))),
        el("strong", {}, figure(c.value, c.unit)))))
      : el("p", { class: "muted" }, "Every check with a limit passes.");
    return el("section", { id: "summary" }, el("h2", {}, "Summary"), el("p", { class: "question" }, outcome()),
      el("div", { class: "lights" }, report.groups.map(light)),
      el("div", { class: "card" }, el("h3", {}, concerns.length ? "What needs attention" : "Nothing needs attention"), list),
      report.notes.map((n) => el("p", { class: "notice" }, n)),
      el("details", { class: "card more" }, el("summary", {}, "How to read this report"),
        el("p", {}, "Value: the statistic for the synthetic table, with a 95 % interval in grey where one is known. Reference: the same statistic for real rows that the model never saw, so it shows what a perfect model would get. Legacy: the number as the older NHS pipeline computed it, for comparison with past reports. Verdict: the value against the limit in the thresholds file; point at it to see the rule. Point at a check's name, or press it, for its definition. “Not computed” always says why."),
        el("p", {}, "A report is evidence, not a guarantee: a passed attack means that this attack failed, not that none can succeed.")));
  }
  function groupNode(group) {
    return el("section", { id: group.id }, el("h2", {}, group.title), el("p", { class: "question" }, group.question),
      group.sections.map((s) => el("div", { class: "card", id: group.id + "-" + s.id }, el("h3", {}, s.title), s.text && el("p", { class: "lead" }, s.text),
        s.checks.length ? checksTable(s.checks) : null, blocksNode(s.blocks),
        s.checks.filter((c) => c.blocks).map((c) => el("details", { class: "more" }, el("summary", {}, "More on “" + c.title + "”"), blocksNode(c.blocks))))));
  }

  // ---- columns ------------------------------------------------------------------------------------
  function spark(column) {
    const p = column.plot, NS = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(NS, "svg");
    svg.setAttribute("viewBox", "0 0 150 34"); svg.setAttribute("class", "spark"); svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", "Real and synthetic distribution of " + column.name);
    if (!p) return svg;
    const series = p.series.slice(0, 2), top = Math.max(1e-12, ...series.flatMap((s) => s.values)), n = series[0].values.length;
    series.forEach((s, k) => {
      if (p.type === "histogram") {
        let d = "M0 33";
        s.values.forEach((v, i) => { const y = (33 - 31 * v / top).toFixed(1); d += "L" + (150 * i / n).toFixed(1) + " " + y + "L" + (150 * (i + 1) / n).toFixed(1) + " " + y; });
        const path = document.createElementNS(NS, "path");
        path.setAttribute("d", d + "L150 33" + (k === 0 ? "Z" : "")); path.setAttribute("fill", k === 0 ? COLOURS.Real : "none"); path.setAttribute("fill-opacity", ".28");
        path.setAttribute("stroke", k === 0 ? COLOURS.Real : COLOURS.Synthetic); path.setAttribute("stroke-width", k === 0 ? ".8" : "1.4");
        svg.append(path);
      } else {
        s.values.slice(0, 14).forEach((v, i) => {
          const slot = 150 / Math.min(n, 14), bar = document.createElementNS(NS, "rect"), height = Math.max(0.8, 31 * v / top);
          bar.setAttribute("x", (slot * i + slot * (k === 0 ? 0.1 : 0.5)).toFixed(1)); bar.setAttribute("width", (slot * 0.38).toFixed(1));
          bar.setAttribute("y", (33 - height).toFixed(1)); bar.setAttribute("height", height.toFixed(1)); bar.setAttribute("fill", k === 0 ? COLOURS.Real : COLOURS.Synthetic);
          svg.append(bar);
        });
      }
    });
    return svg;
  }
  const SUMMARY_NAMES = { rows: "rows", missing: "missing", distinct: "distinct values", mean: "mean", sd: "standard deviation", min: "smallest", p5: "5th percentile", p25: "25th percentile", median: "median", p75: "75th percentile", p95: "95th percentile", max: "largest" };
  function drill(column) {
    const names = Object.keys(column.tables), keys = Object.keys(SUMMARY_NAMES).filter((k) => k in column.tables[names[0]]);
    const table = el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, ""), names.map((n) => el("th", { scope: "col", class: "num" }, n)))),
      el("tbody", {}, keys.map((k) => el("tr", {}, el("td", {}, SUMMARY_NAMES[k]), names.map((n) => el("td", { class: "num" }, cellText(column.tables[n][k])))))));
    const block = column.plot;
    const tall = block && block.type === "bars" && block.labels.length > 8;
    return el("div", { class: "drill" }, block ? plot(() => DRAW[block.type](block), tall ? "tall" : "") : el("p", { class: "muted" }, "No values to draw."), el("div", { class: "scroll" }, table));
  }
  function columnsNode() {
    const shapes = report.groups.flatMap((g) => g.sections).find((s) => s.id === "shapes");
    const table = shapes && shapes.blocks.find((b) => b.type === "table");
    const byName = new Map((table ? table.rows : []).map((r) => [r[0], r]));
    const items = report.columns.map((c) => {
      const shape = byName.get(c.name) || [], rate = (t) => t && t.rows ? t.missing / t.rows : null;
      return { c, distance: shape[2] ?? null, reference: shape[3] ?? null, missingReal: rate(c.tables.Real), missingSynthetic: rate(c.tables.Synthetic) };
    });
    const body = el("tbody");
    let shown = items, wanted = "";
    const refill = () => body.replaceChildren(...shown.filter((i) => i.c.name.toLowerCase().includes(wanted)).flatMap(rowsOf));
    function rowsOf(item) {
      if (item.nodes) return item.nodes;
      const button = el("button", { class: "expand", type: "button", "aria-expanded": "false" }, item.c.name);
      const inner = el("td", { colspan: 7 }), detail = el("tr", { hidden: true }, inner);
      const toggle = () => {
        detail.hidden = !detail.hidden;
        button.setAttribute("aria-expanded", String(!detail.hidden));
        if (!detail.hidden && !inner.firstChild) inner.append(drill(item.c));
      };
      const main = el("tr", { class: "main", onclick: toggle }, el("td", {}, button), el("td", { class: "optional" }, item.c.kind), el("td", {}, spark(item.c)),
        el("td", { class: "num" }, figure(item.distance, "share")), el("td", { class: "num optional" }, figure(item.reference, "share")),
        el("td", { class: "num optional" }, figure(item.missingReal, "share")), el("td", { class: "num optional" }, figure(item.missingSynthetic, "share")));
      item.nodes = [main, detail];
      return item.nodes;
    }
    const by = { Column: (i) => i.c.name, Kind: (i) => i.c.kind, Distance: (i) => i.distance, Reference: (i) => i.reference, "Missing, real": (i) => i.missingReal, "Missing, synthetic": (i) => i.missingSynthetic };
    const heads = ["Column", "Kind", "", "Distance", "Reference", "Missing, real", "Missing, synthetic"].map((name) => {
      const number = !["Column", "Kind", ""].includes(name), optional = !["Column", "", "Distance"].includes(name);
      if (!name) return el("th", { scope: "col" }, "Real and synthetic");
      const button = el("button", { class: "sort", type: "button", onclick() {
        const up = button.dataset.dir !== "up";
        heads.forEach((h) => { h.removeAttribute("aria-sort"); const b = h.querySelector("button"); if (b) delete b.dataset.dir; });
        button.dataset.dir = up ? "up" : "down";
        button.parentNode.setAttribute("aria-sort", up ? "ascending" : "descending");
        shown = items.slice().sort((a, b) => order(by[name](a), by[name](b)) * (up ? 1 : -1));
        refill();
      } }, name);
      return el("th", { scope: "col", class: (number ? "num" : "") + (optional ? " optional" : "") }, button);
    });
    refill();
    return el("section", { id: "columns" }, el("h2", {}, "Columns"), el("p", { class: "question" }, "The data profile: press a column for its distribution in every table."),
      el("div", { class: "card" }, el("div", { class: "tools" }, el("input", { type: "search", placeholder: "Search columns", "aria-label": "Search columns", oninput(e) { wanted = e.target.value.toLowerCase(); refill(); } }),
        el("span", { class: "legend" }, Object.keys(report.columns[0] ? report.columns[0].tables : {}).map((n) => el("span", {}, el("i", { style: "background:" + COLOURS[n] }), n)))),
        el("div", { class: "scroll" }, el("table", { class: "columns" }, el("thead", {}, el("tr", {}, heads)), body))));
  }
  function definitionsNode() {
    return el("section", { id: "definitions" }, el("h2", {}, "Definitions"), el("p", { class: "question" }, "Every check of this report in words."),
      el("div", { class: "card" }, el("dl", { class: "glossary" }, report.groups.flatMap(allChecks).map((c) => [el("dt", {}, c.title, " ", el("code", { class: "muted" }, c.id)), el("dd", {}, definitionOf(c).join(" ") || "–")]))));
  }
  function navigation() {
    const links = [["summary", "Summary"], ...report.groups.map((g) => [g.id, g.title]), ["columns", "Columns"], ["definitions", "Definitions"]];
    const nodes = links.map(([id, title]) => el("a", { href: "#" + id }, title));
    document.querySelector("#nav .wrap").append(...nodes);
    const mark = () => {
      let current = 0;
      links.forEach(([id], k) => { const s = document.getElementById(id); if (s && s.getBoundingClientRect().top < 120) current = k; });
      nodes.forEach((n, k) => k === current ? n.setAttribute("aria-current", "true") : n.removeAttribute("aria-current"));
    };
    window.addEventListener("scroll", mark, { passive: true });
    mark();
  }

  subject();
  document.getElementById("main").append(summary(), ...report.groups.map(groupNode), columnsNode(), definitionsNode());
  document.getElementById("footer").append("Made by " + report.subject.program + ", report schema " + report.schema + ". Every number is in report.json. Charts: plotly.js (MIT).");
  navigation();
  if (location.hash === "#all") drawAll();
  document.documentElement.dataset.ready = "true";
  document.documentElement.dataset.readyMs = Math.round(performance.now());
})();
