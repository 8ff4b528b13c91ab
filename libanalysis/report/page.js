(function () {
  "use strict";
  var data = chart.data, minus = chart.minus, short = chart.short, tickText = chart.tickText, pointing = chart.pointing;
  var svgIn = chart.svgIn, padded = chart.padded, logTicks = chart.logTicks;
  var state = { target: 0, factor: -1 };
  var shapes = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "circle", "square"];

  function percent(x, digits) { return (100 * x).toFixed(digits === undefined ? 2 : digits) + " %"; }
  // ---- tooltip and the model that is pointed at ----
  function light(row) { d3.selectAll(".mark[data-row]").classed("lit", function () { return row !== null && +this.getAttribute("data-row") === row; }); }
  function lit(point) { light(point === null ? null : point.row); }

  // ---- colours by a hyper-parameter; shapes say the same, for eyes and printers without colours ----
  function factor() { return state.factor < 0 ? null : data.factors[state.factor]; }
  function level(row) { var f = factor(); return f ? f.level[row] : 0; }
  function colourClass(row) { var k = level(row); return k < 0 ? "k7" : "k" + k; }
  function shape(row, size) { var k = level(row); return d3.svg.symbol().type(shapes[k < 0 ? 0 : k]).size(size)(); }
  function settings(row) {
    return data.factors.map(function (f) { return f.name + " " + (f.level[row] < 0 ? "?" : f.levels[f.level[row]]); }).join(", ");
  }

  // ---- measure against target ----
  function scatter() {
    var target = data.targets[state.target], grid = d3.select("#scatter");
    grid.selectAll("*").remove();
    target.charts.forEach(function (chart) {
      var values = data.measures[chart.measure], points = [];
      values.forEach(function (x, row) { if (x !== null && target.values[row] !== null) points.push({ row: row, x: x, y: target.values[row] }); });
      points.sort(function (a, b) { return a.x - b.x; });
      var figure = grid.append("figure"), caption = figure.append("figcaption");
      caption.append("code").text(chart.measure);
      caption.append("span").text((chart.baseline ? "baseline, " : "") + "\u03c4 " + minus(chart.score.toFixed(3)));
      var W = 380, H = 270, m = { left: 46, right: 10, top: 8, bottom: 44 };
      var svg = svgIn(figure, W, H, chart.measure + " against " + target.title + ": tau " + chart.score.toFixed(3) + ", " + points.length + " models");
      var xs = points.map(function (p) { return p.x; }), ex = d3.extent(xs), log = ex[0] > 0 && ex[1] / ex[0] >= 30;
      var x = log ? d3.scale.log().domain([ex[0] / Math.pow(ex[1] / ex[0], .04), ex[1] * Math.pow(ex[1] / ex[0], .04)]) : d3.scale.linear().domain(padded(ex, .05));
      var y = d3.scale.linear().domain(padded(d3.extent(points, function (p) { return p.y; }), .06)).range([H - m.bottom, m.top]);
      x.range([m.left, W - m.right]);
      var xAxis = d3.svg.axis().scale(x).orient("bottom").tickSize(-(H - m.top - m.bottom)).tickPadding(8).tickFormat(tickText);
      xAxis.tickValues(log ? logTicks(x, 5) : x.ticks(5));
      svg.append("g").attr({ "class": "axis", transform: "translate(0," + (H - m.bottom) + ")" }).call(xAxis);
      svg.append("g").attr({ "class": "axis", transform: "translate(" + m.left + ",0)" })
        .call(d3.svg.axis().scale(y).orient("left").ticks(5).tickSize(-(W - m.left - m.right)).tickPadding(6).tickFormat(function (t) { return minus(String(+(100 * t).toPrecision(6))); }));
      svg.append("text").attr({ "class": "label", x: W - m.right, y: H - 6, "text-anchor": "end" }).text(chart.measure.replace(/[.[].*/, "").replace(/_/g, " ") + (log ? ", logarithmic" : ""));
      svg.append("text").attr({ "class": "label", transform: "translate(11," + m.top + ") rotate(-90)", "text-anchor": "end" }).text(target.title + ", %");
      var marks = svg.selectAll(".mark").data(points).enter().append("path").attr({
        "class": function (p) { return "mark " + colourClass(p.row); }, "data-row": function (p) { return p.row; },
        d: function (p) { return shape(p.row, 34); }, transform: function (p) { return "translate(" + x(p.x) + "," + y(p.y) + ")"; } });
      pointing(svg, marks, function (p) {
        return data.models[p.row] + "\n" + chart.measure + " " + short(p.x) + "\n" + target.title + " " + percent(p.y) + "\n" + settings(p.row);
      }, lit);
    });
  }

  // ---- tau with intervals ----
  function forest() {
    var target = data.targets[state.target], holder = d3.select("#forest");
    holder.selectAll("*").remove();
    var rows = target.scores, narrow = holder.node().clientWidth < 560;
    var W = narrow ? 400 : 1000, step = 22, m = { left: narrow ? 176 : 340, right: 14, top: 8, bottom: 46 };
    var H = m.top + step * rows.length + m.bottom, letters = narrow ? 25 : 48;
    var svg = svgIn(holder, W, H, "Kendall tau of " + rows.length + " measures with " + target.title + "; the table below holds the numbers");
    var x = d3.scale.linear().domain([-1, 1]).range([m.left, W - m.right]);
    if (target.luck !== null)
      svg.append("rect").attr({ "class": "band", x: x(-target.luck), width: x(target.luck) - x(-target.luck), y: m.top - 4, height: H - m.top - m.bottom + 4 });
    svg.append("g").attr({ "class": "axis", transform: "translate(0," + (H - m.bottom) + ")" })
      .call(d3.svg.axis().scale(x).orient("bottom").ticks(narrow ? 4 : 8).tickSize(-(H - m.top - m.bottom)).tickPadding(8).tickFormat(function (t) { return minus(String(t)); }));
    svg.append("line").attr({ "class": "zero", x1: x(0), x2: x(0), y1: m.top - 4, y2: H - m.bottom });
    svg.append("text").attr({ "class": "label", x: W - m.right, y: H - 6, "text-anchor": "end" })
      .text("Kendall \u03c4-b with " + target.title + (target.hidden && !narrow ? " (" + target.hidden + " more in the table)" : ""));
    var lines = svg.selectAll(".row").data(rows).enter().append("g")
      .attr({ "class": function (r) { return "row " + (r.baseline ? "trivial" : "tested"); }, transform: function (_, i) { return "translate(0," + (m.top + step * (i + .5)) + ")"; } });
    lines.append("text").attr({ "class": "name", x: m.left - 12, dy: ".32em", "text-anchor": "end" }).text(function (r) {
      var name = r.measure;
      return name.length <= letters ? name : name.slice(0, Math.ceil(letters / 2) - 1) + "\u2026" + name.slice(-Math.floor(letters / 2));
    });
    lines.filter(function (r) { return r.low !== null; }).append("line")
      .attr({ "class": function (r) { return "whisker " + (r.baseline ? "k7" : "k0"); }, x1: function (r) { return x(r.low); }, x2: function (r) { return x(r.high); } });
    lines.append("path").attr({
      "class": function (r) { return "mark " + (r.baseline ? "k7" : "k0") + (r.beyond ? "" : " open"); },
      d: function (r) { return d3.svg.symbol().type(r.baseline ? "square" : "circle").size(56)(); },
      transform: function (r) { return "translate(" + x(r.score) + ",0)"; } });
    var whole = lines.append("rect").attr({ "class": "whole", x: 0, width: W, y: -step / 2, height: step, "pointer-events": "all" });
    pointing(svg, whole, function (r) {
      return r.measure + (r.baseline ? " (baseline)" : "") + "\n\u03c4 " + minus(r.score.toFixed(3)) +
        (r.low === null ? "" : ", " + minus(r.low.toFixed(3)) + " to " + minus(r.high.toFixed(3))) + (r.beyond ? "" : "\nwithin what luck gives");
    });
  }

  // ---- predicted against true ----
  function calibration() {
    var holder = d3.select("#calibration");
    if (holder.empty() || !data.predictions.length) return;
    holder.selectAll("*").remove();
    var narrow = holder.node().clientWidth < 560, W = narrow ? 400 : 1000, H = narrow ? 340 : 420, m = { left: 50, right: 14, top: 8, bottom: 46 };
    var points = data.predictions.slice().sort(function (a, b) { return a.actual - b.actual; }), ex = d3.extent(points, function (p) { return p.actual; }), ey = d3.extent(points, function (p) { return p.predicted; });
    // One logarithmic scale for both where errors span a decade; intervals may leave the picture.
    var both = [Math.min(ex[0], ey[0]), Math.max(ex[1], ey[1])], log = both[0] > 0 && both[1] / both[0] >= 8;
    function scale(extent) {
      if (!log) return d3.scale.linear().domain(padded(extent, .08));
      var stretch = Math.pow(extent[1] / extent[0], .06);
      return d3.scale.log().domain([extent[0] / stretch, extent[1] * stretch]).clamp(true);
    }
    var x = scale(ex).range([m.left, W - m.right]), y = scale(both).range([H - m.bottom, m.top]);
    x.clamp && x.clamp(false);
    var svg = svgIn(holder, W, H, "Predicted against true test error of " + points.length + " models");
    function axis(s, orient, size, count) {
      return d3.svg.axis().scale(s).orient(orient).tickSize(size).tickPadding(8).tickValues(log ? logTicks(s, count) : s.ticks(count)).tickFormat(function (t) { return String(+(100 * t).toPrecision(4)); });
    }
    svg.append("g").attr({ "class": "axis", transform: "translate(0," + (H - m.bottom) + ")" }).call(axis(x, "bottom", -(H - m.top - m.bottom), 8));
    svg.append("g").attr({ "class": "axis", transform: "translate(" + m.left + ",0)" }).call(axis(y, "left", -(W - m.left - m.right), 6));
    svg.append("text").attr({ "class": "label", x: W - m.right, y: H - 6, "text-anchor": "end" }).text("true test error, %" + (log ? ", logarithmic" : ""));
    svg.append("text").attr({ "class": "label", transform: "translate(11," + m.top + ") rotate(-90)", "text-anchor": "end" }).text("predicted test error, %");
    var low = Math.max(x.domain()[0], y.domain()[0]), high = Math.min(x.domain()[1], y.domain()[1]);
    svg.append("line").attr({ "class": "ideal", x1: x(low), y1: y(low), x2: x(high), y2: y(high) });
    function inside(v) { var d = y.domain(); return y(Math.min(d[1], Math.max(d[0], v))); }
    svg.selectAll(".interval").data(points).enter().append("line").attr({
      "class": function (p) { return "interval " + colourClass(p.row); }, x1: function (p) { return x(p.actual); }, x2: function (p) { return x(p.actual); },
      y1: function (p) { return inside(p.low); }, y2: function (p) { return inside(p.high); } });
    // An interval that goes on outside ends in an arrowhead.
    var ends = y.domain(), cut = [];
    points.forEach(function (p) {
      if (p.low < ends[0]) cut.push({ row: p.row, x: p.actual, y: ends[0], d: "M-4,-6L0,0L4,-6" });
      if (p.high > ends[1]) cut.push({ row: p.row, x: p.actual, y: ends[1], d: "M-4,6L0,0L4,6" });
    });
    svg.selectAll(".cut").data(cut).enter().append("path").attr({ "class": function (c) { return "interval cut " + colourClass(c.row); }, d: function (c) { return c.d; },
      transform: function (c) { return "translate(" + x(c.x) + "," + y(c.y) + ")"; } }).style("fill", "none");
    var marks = svg.selectAll(".mark").data(points).enter().append("path").attr({
      "class": function (p) { return "mark " + colourClass(p.row); }, "data-row": function (p) { return p.row; }, d: function (p) { return shape(p.row, narrow ? 34 : 48); },
      transform: function (p) { return "translate(" + x(p.actual) + "," + y(p.predicted) + ")"; } });
    pointing(svg, marks, function (p) {
      return data.models[p.row] + "\npredicted " + percent(p.predicted) + " (" + percent(p.low) + " to " + percent(p.high) + ")\ntrue " + percent(p.actual) + "\n" + settings(p.row);
    }, lit);
  }

  function legend() {
    var f = factor();
    d3.selectAll(".legend").selectAll("*").remove();
    if (!f) return;
    f.levels.forEach(function (name, k) {
      var item = d3.selectAll(".legend").append("span");
      item.append("svg").attr({ viewBox: "-6 -6 12 12", "aria-hidden": "true" }).append("path").attr({ "class": "mark k" + k, d: d3.svg.symbol().type(shapes[k]).size(64)() });
      item.append("span").text(f.name + " " + name);
    });
  }

  function draw() {
    d3.selectAll(".per-target").classed("elsewhere", function () { return this.getAttribute("data-target") !== data.targets[state.target].name; });
    legend(); forest(); scatter(); calibration();
  }

  // ---- controls ----
  function controls() {
    d3.selectAll(".controls").attr("hidden", null);
    d3.selectAll("fieldset.target-choice").each(function (_, nth) {
      var set = d3.select(this);
      if (data.targets.length < 2) { set.remove(); return; }
      data.targets.forEach(function (target, i) {
        var label = set.append("label");
        label.append("input").attr({ type: "radio", name: "target-" + nth, value: i }).property("checked", i === state.target).on("change", function () {
          state.target = i;
          d3.selectAll("fieldset.target-choice input").property("checked", function () { return +this.value === i; });
          draw();
        });
        label.append("span").text(target.title);
      });
    });
    var select = d3.select("#colour-choice");
    if (!data.factors.length) { d3.select(select.node() && select.node().parentNode).remove(); return; }
    select.append("option").attr("value", -1).text("nothing");
    data.factors.forEach(function (f, i) { select.append("option").attr("value", i).text(f.name); });
    select.property("value", state.factor).on("change", function () { state.factor = +this.value; draw(); });
  }

  state.factor = data.factors.map(function (f) { return "config." + f.name; }).indexOf(data.group);
  if (state.factor < 0 && data.factors.length) state.factor = 0;
  if (data.targets.length) {
    controls();
    chart.redrawn(draw);
  } else if (data.predictions.length) { legend(); chart.redrawn(calibration); }
}());
