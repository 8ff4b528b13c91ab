(function () {
  "use strict";
  var data = chart.data, holder = d3.select("#density");
  if (holder.empty() || !data.density) return;

  // The lowest height shown: a tenth of what one eigenvalue gives.
  var sigma = data.density.sigma, single = 1 / (data.parameters * sigma * Math.sqrt(2 * Math.PI)), floor = single / 10;
  var points = data.density.grid.map(function (x, i) { return { x: +x, y: Math.max(+data.density.values[i], floor) }; });
  var found = data.eigenvalues.filter(function (e) { return isFinite(+e.value); }).sort(function (a, b) { return a.value - b.value; });

  function draw() {
    holder.selectAll("*").remove();
    var narrow = holder.node().clientWidth < 560, W = narrow ? 400 : 1000, H = narrow ? 320 : 440, rug = 26;
    var m = { left: 58, right: 14, top: 26, bottom: 46 + rug };
    var svg = chart.svgIn(holder, W, H, "Spectral density of the " + data.operator + " with " + found.length + " eigenvalues found one by one; the table below holds them");
    var ends = d3.extent(points.map(function (p) { return p.x; }).concat(found.map(function (e) { return +e.value; })));
    var x = d3.scale.linear().domain(chart.padded(ends, .02)).range([m.left, W - m.right]);
    var y = d3.scale.log().domain([floor, 1.5 * d3.max(points, function (p) { return p.y; })]).range([H - m.bottom, m.top]);
    svg.append("g").attr({ "class": "axis", transform: "translate(0," + (H - m.bottom) + ")" })
      .call(d3.svg.axis().scale(x).orient("bottom").ticks(narrow ? 4 : 8).tickSize(-(H - m.top - m.bottom)).tickPadding(8 + rug).tickFormat(chart.tickText));
    svg.append("g").attr({ "class": "axis", transform: "translate(" + m.left + ",0)" })
      .call(d3.svg.axis().scale(y).orient("left").tickValues(chart.logTicks(y, 6)).tickSize(-(W - m.left - m.right)).tickPadding(6).tickFormat(chart.tickText));
    svg.append("text").attr({ "class": "label", x: W - m.right, y: H - 6, "text-anchor": "end" }).text("eigenvalue");
    svg.append("text").attr({ "class": "label", x: m.left, y: 14 }).text("density, logarithmic");
    var area = d3.svg.area().x(function (p) { return x(p.x); }).y0(y(floor)).y1(function (p) { return y(p.y); });
    var line = d3.svg.line().x(function (p) { return x(p.x); }).y(function (p) { return y(p.y); });
    svg.append("path").attr({ "class": "area k0", d: area(points) });
    svg.append("path").attr({ "class": "curve k0", d: line(points) });
    if (single < y.domain()[1]) svg.append("line").attr({ "class": "ideal", x1: m.left, x2: W - m.right, y1: y(single), y2: y(single) });
    svg.append("line").attr({ "class": "frame", x1: m.left, x2: W - m.right, y1: H - m.bottom, y2: H - m.bottom });

    var marks = svg.selectAll(".mark").data(found).enter().append("path").attr({
      "class": function (e) { return "mark eigenvalue " + (e.outlier ? "k1" : "k7 open"); },
      d: d3.svg.symbol().type("triangle-up").size(narrow ? 40 : 60)(),
      transform: function (e) { return "translate(" + x(+e.value) + "," + (H - m.bottom + 10) + ")"; } });
    chart.pointing(svg, marks, function (e) {
      return "eigenvalue " + chart.short(+e.value) + "\nresidual " + chart.short(+e.residual) + (e.outlier ? "\nbeyond the bulk" : "");
    });

    // Values of outliers, as many as have room, the outermost first.
    var taken = [];
    found.filter(function (e) { return e.outlier; }).forEach(function (e) {
      var at = x(+e.value), step = points[1].x - points[0].x;
      var height = y(d3.max(points, function (p) { return Math.abs(p.x - e.value) <= step ? p.y : floor; })) - 8;   // above the curve
      if (taken.some(function (other) { return Math.abs(other - at) < 54; })) return;
      taken.push(at);
      svg.append("text").attr({ "class": "name", x: Math.min(at, W - m.right), y: height, "text-anchor": at > W - 60 ? "end" : "middle" }).text(chart.short(+e.value));
    });
    offer(svg.node(), W, H);
  }

  // The chart as a file of its own: styles that the page gives become attributes of its elements.
  function offer(node, W, H) {
    var names = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "opacity", "display", "font-size", "font-family", "text-anchor"];
    var copy = node.cloneNode(true), from = node.querySelectorAll("*"), to = copy.querySelectorAll("*");
    Array.prototype.forEach.call(from, function (element, i) {
      var style = window.getComputedStyle(element);
      names.forEach(function (name) { to[i].setAttribute(name, style.getPropertyValue(name)); });
      to[i].removeAttribute("class");
    });
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", W);
    copy.setAttribute("height", H);
    copy.setAttribute("style", "background: " + window.getComputedStyle(document.documentElement).backgroundColor);
    d3.select("#save-svg").attr({ hidden: null, href: "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy)) });
  }

  chart.redrawn(draw);
}());
