// Draws a chart above each table of numbers over time, with uPlot. Without it the
// table is all there is, and says the same.
(() => {
	"use strict";
	if (!window.uPlot) return;
	const lang = document.documentElement.lang;
	const number = new Intl.NumberFormat(lang, { maximumFractionDigits: 1, notation: "compact" });
	const day = (o) => new Intl.DateTimeFormat(lang, { timeZone: "UTC", ...o });
	const month = day({ month: "short" }), monthYear = day({ month: "short", year: "numeric" }), date = day({ day: "numeric", month: "short" });
	const drawn = new Map(); // chart -> what is drawn
	const wanted = new Map(); // id of a chart -> which of its columns people chose
	const dashes = { loyal: [], advocate: [], frequent: [8, 4], occasional: [2, 3], "one-time": [10, 3, 2, 3], quiet: [2, 6], lapsed: [6, 6] };

	// read takes the numbers out of the table.
	function read(figure) {
		const table = figure.querySelector("table");
		const heads = [...table.tHead.rows[0].cells].slice(1);
		const rows = [...table.tBodies[0].rows];
		return {
			columns: heads.map((h) => ({ name: h.textContent, tone: h.dataset.tone, off: h.hasAttribute("data-off") })),
			times: rows.map((r) => Number(r.dataset.at)),
			values: heads.map((_, i) => rows.map((r) => Number(r.cells[i + 1].dataset.value))),
			texts: rows.map((r) => [...r.cells].map((c) => c.textContent.trim())),
		};
	}

	const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

	// times labels an axis: the year is said where it begins.
	function times(u, splits) {
		const near = splits.length > 1 && splits[1] - splits[0] < 27 * 86400;
		return splits.map((s, i) => {
			const d = new Date(s * 1000);
			if (near) return date.format(d);
			return i === 0 || d.getUTCMonth() === 0 ? monthYear.format(d) : month.format(d);
		});
	}

	function axes(kind) {
		const ink = colour("--muted"), line = colour("--line");
		const font = getComputedStyle(document.body).fontFamily;
		const common = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: `12px ${font}` };
		const all = [{ ...common, values: times, space: 70 }, { ...common, size: 52, values: (u, s) => s.map((v) => number.format(v)) }];
		if (kind === "weeks") all.push({ ...common, side: 1, scale: "right", size: 56, grid: { show: false }, values: (u, s) => s.map((v) => number.format(v)) });
		return all;
	}

	function series(kind, data, shown) {
		return [{}, ...data.columns.map((c, i) => {
			const s = { label: c.name, stroke: colour(`--tone-${c.tone}`), width: 2, dash: dashes[c.tone] || [], show: shown[i], points: { show: data.times.length < 30, size: 5 } };
			if (kind !== "weeks") return s;
			if (i === 0) return { ...s, fill: colour(`--tone-${c.tone}`), paths: uPlot.paths.bars({ size: [0.7, 40] }), points: { show: false } };
			return { ...s, scale: "right" };
		})];
	}

	const height = (width) => Math.round(Math.max(180, Math.min(320, width * 0.42)));

	// draw draws a chart, in place of what was drawn before.
	function draw(figure) {
		const plot = figure.querySelector(".plot"), keys = figure.querySelector(".keys"), out = figure.querySelector(".reading");
		const before = drawn.get(figure);
		if (before) before.end();
		const data = read(figure), kind = figure.dataset.kind;
		if (!wanted.has(figure.id)) figure.querySelector("details.numbers").open = false;
		const shown = wanted.get(figure.id) || data.columns.map((c) => !c.off);
		wanted.set(figure.id, shown);
		for (const e of [plot, keys, out]) e.hidden = false;
		plot.replaceChildren();
		const range = { range: (u, min, max) => [Math.min(0, min || 0), (max || 1) * 1.05] };
		const u = new uPlot({
			width: plot.clientWidth, height: height(plot.clientWidth),
			tzDate: (t) => uPlot.tzDate(new Date(t * 1000), "UTC"),
			legend: { show: false }, cursor: { drag: { x: false, y: false } },
			scales: { x: kind === "weeks" ? { range: (u, min, max) => [min - 4 * 86400, max + 4 * 86400] } : {}, y: range, right: range },
			series: series(kind, data, shown), axes: axes(kind),
			hooks: { setCursor: [(u) => { out.textContent = u.cursor.idx == null ? "" : reading(data, shown, u.cursor.idx); }] },
		}, [data.times, ...data.values], plot);
		const sized = new ResizeObserver(() => {
			const w = plot.clientWidth;
			if (w > 0 && w !== u.width) u.setSize({ width: w, height: height(w) });
		});
		sized.observe(plot);
		drawn.set(figure, { end() { sized.disconnect(); u.destroy(); drawn.delete(figure); } });
		button(keys, figure, data, shown);
		plot.onkeydown = (e) => walk(e, u, data);
	}

	// reading says one point in words, also to those who do not see it.
	function reading(data, shown, i) {
		const [when, ...texts] = data.texts[i];
		return when + ": " + texts.map((t, k) => shown[k] && `${data.columns[k].name} ${t}`).filter(Boolean).join(", ");
	}

	// button makes a button for each column, to draw it or not.
	function button(keys, figure, data, shown) {
		const focused = [...keys.children].indexOf(document.activeElement);
		keys.replaceChildren(...data.columns.map((c, i) => {
			const b = document.createElement("button");
			b.type = "button";
			b.dataset.tone = c.tone;
			b.textContent = c.name;
			b.setAttribute("aria-pressed", shown[i]);
			b.onclick = () => {
				shown[i] = !shown[i];
				draw(figure);
			};
			return b;
		}));
		if (focused >= 0) keys.children[focused].focus();
	}

	// walk moves from point to point by the arrow keys.
	function walk(e, u, data) {
		const last = data.times.length - 1, at = u.cursor.idx;
		const to = { ArrowLeft: at == null ? last : at - 1, ArrowRight: at == null ? 0 : at + 1, Home: 0, End: last }[e.key];
		if (to === undefined) return;
		e.preventDefault();
		const i = Math.max(0, Math.min(last, to));
		u.setCursor({ left: u.valToPos(data.times[i], "x"), top: 10 });
	}

	const all = () => document.querySelectorAll("figure.chart");
	const drawAll = () => {
		for (const [figure, d] of [...drawn]) if (!figure.isConnected) d.end();
		all().forEach(draw);
	};
	drawAll();
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
	document.addEventListener("htmx:after:swap", drawAll);
})();
