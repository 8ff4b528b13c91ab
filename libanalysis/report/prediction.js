// Whether intervals hold what they say, and what carries the prediction of one model.
(function () {
  "use strict";
  var data = chart.data, minus = chart.minus;

  function coverage() {
    var holder = d3.select("#coverage"), points = data.coverage || [];
    if (holder.empty() || !points.length) return;
    holder.selectAll("*").remove();
    var W = Math.max(300, Math.min(560, holder.node().clientWidth || 400)), H = Math.round(.7 * W), m = { left: 46, right: 14, top: 10, bottom: 46 };
    var svg = chart.svgIn(holder, W, H, "Share of held-out models inside their intervals, for " + points.length + " levels; the table beside it holds the numbers");
    var low = d3.min(points, function (p) { return Math.min(p.low, p.share, p.level); });
    var y = d3.scale.linear().domain([Math.max(0, low - .03), 1]).range([H - m.bottom, m.top]);
    var x = d3.scale.linear().domain([points[0].level - .03, 1]).range([m.left, W - m.right]);
    function axis(scale, orient, size) {
      return d3.svg.axis().scale(scale).orient(orient).ticks(5).tickSize(size).tickPadding(8).tickFormat(function (t) { return String(Math.round(100 * t)); });
    }
    var band = d3.svg.area().x(function (p) { return x(p.level); }).y0(function (p) { return y(p.low); }).y1(function (p) { return y(p.high); });
    svg.append("path").attr({ "class": "band", d: band(points) });
    svg.append("g").attr({ "class": "axis", transform: "translate(0," + (H - m.bottom) + ")" }).call(axis(x, "bottom", -(H - m.top - m.bottom)));
    svg.append("g").attr({ "class": "axis", transform: "translate(" + m.left + ",0)" }).call(axis(y, "left", -(W - m.left - m.right)));
    svg.append("text").attr({ "class": "label", x: W - m.right, y: H - 6, "text-anchor": "end" }).text("level, %");
    svg.append("text").attr({ "class": "label", transform: "translate(11," + m.top + ") rotate(-90)", "text-anchor": "end" }).text("inside, %");
    var from = Math.max(x.domain()[0], y.domain()[0]);
    svg.append("line").attr({ "class": "ideal", x1: x(from), y1: y(from), x2: x(1), y2: y(1) });
    var line = d3.svg.line().x(function (p) { return x(p.level); }).y(function (p) { return y(p.share); });
    svg.append("path").attr({ "class": "curve k0 line", d: line(points) });
    var marks = svg.selectAll(".mark").data(points).enter().append("path").attr({
      "class": "mark k0", d: d3.svg.symbol().type("circle").size(56)(), transform: function (p) { return "translate(" + x(p.level) + "," + y(p.share) + ")"; } });
    chart.pointing(svg, marks, function (p) {
      return "level " + Math.round(100 * p.level) + " %\ninside " + (100 * p.share).toFixed(1) + " %\nluck " + (100 * p.low).toFixed(1) + " to " + (100 * p.high).toFixed(1) + " %";
    });
  }

  // A table with bars to either side of a middle line: numbers first, so that it can be read without its picture.
  function contributions(model) {
    var holder = d3.select("#contributions"), names = data.explanation.features;
    holder.selectAll("*").remove();
    var rows = model.parts.map(function (part) { return { name: names[part[0]], value: part[1] }; });
    if (model.others) rows.push({ name: model.others + " others together", value: model.rest, plain: true });
    var total = model.base + d3.sum(rows, function (row) { return row.value; });
    var most = d3.max(rows, function (row) { return Math.abs(row.value); }) || 1;
    var table = holder.append("div").attr({ "class": "scroll", role: "region", tabindex: 0, "aria-labelledby": "contributions-caption" }).append("table");
    table.append("caption").attr("id", "contributions-caption").text("From " + minus(model.base.toFixed(3)) + ", which the other models give, to " + minus(total.toFixed(3)) +
      ": the logit of its test accuracy, predicted by a fit that did not see it. Above zero a feature lowers the predicted error.");
    var head = table.append("thead").append("tr");
    head.append("th").attr("scope", "col").text("Feature");
    head.append("th").attr({ scope: "col", "class": "n" }).text("Contribution");
    head.append("th");
    var body = table.append("tbody").selectAll("tr").data(rows).enter().append("tr");
    body.append("th").attr("scope", "row").each(function (row) {
      if (row.plain) this.textContent = row.name; else d3.select(this).append("code").text(row.name);
    });
    body.append("td").attr("class", "n").text(function (row) { return minus(row.value.toFixed(3)); });
    body.append("td").attr({ "class": "bar both", "aria-hidden": "true" }).append("span").attr("class", function (row) { return row.value < 0 ? "less" : "more"; })
      .style({ width: function (row) { return 50 * Math.abs(row.value) / most + "%"; }, left: function (row) { return (row.value < 0 ? 50 - 50 * Math.abs(row.value) / most : 50) + "%"; } });
  }

  function choice() {
    var select = d3.select("#model-choice");
    if (select.empty() || !data.explanation) return;
    select.node().closest(".controls").hidden = false;
    data.explanation.models.forEach(function (model, i) { select.append("option").attr("value", i).text(data.models[model.row]); });
    select.on("change", function () { contributions(data.explanation.models[+this.value]); });
    contributions(data.explanation.models[0]);
  }

  choice();
  chart.redrawn(coverage);
}());
