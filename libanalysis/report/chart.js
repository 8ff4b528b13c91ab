// What the charts of every page share.
var chart = (function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var tip = d3.select("#tip");

  // ---- numbers as words ----
  function minus(text) { return text.replace(/^-/, "\u2212"); }
  function short(x) {
    if (x === 0) return "0";
    var a = Math.abs(x);
    if (a >= 1e5 || a < 1e-3) return minus(x.toExponential(2).replace(/e\+?(-?)(\d+)/, function (_, s, d) { return " \u00b7 10^" + (s ? "\u2212" : "") + d; }));
    return minus(String(+x.toPrecision(4)));
  }
  function tickText(x) {
    if (x === 0) return "0";
    var a = Math.abs(x);
    if (a >= 1e4 && a < 1e6) return minus(+(x / 1e3).toPrecision(4) + "k");
    if (a >= 1e6 && a < 1e9) return minus(+(x / 1e6).toPrecision(4) + "M");
    return minus(a >= 1e9 || a < 1e-3 ? x.toExponential(0).replace("e+", "e") : String(+x.toPrecision(6)));
  }

  // ---- tooltip ----
  function showTip(text, event) {
    tip.text(text).attr("hidden", null);
    var box = tip.node().getBoundingClientRect();
    var x = Math.min(event.clientX + 14, window.innerWidth - box.width - 8);
    var y = event.clientY + 16 + box.height > window.innerHeight ? event.clientY - box.height - 12 : event.clientY + 16;
    tip.style({ left: Math.max(8, x) + "px", top: Math.max(8, y) + "px" });
  }

  function svgIn(parent, width, height, label) {
    return parent.append("svg").attr({ viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": label });
  }
  function padded(extent, share) {
    var space = (extent[1] - extent[0]) * share || Math.abs(extent[0]) * share || 1;
    return [extent[0] - space, extent[1] + space];
  }
  // At most `count` ticks of a logarithmic scale: powers of ten, thinned, or 1-2-5 inside few decades.
  function logTicks(scale, count) {
    var domain = scale.domain(), low = Math.ceil(Math.log(domain[0]) / Math.LN10 - 1e-9), high = Math.floor(Math.log(domain[1]) / Math.LN10 + 1e-9);
    var ticks = [], k, step = Math.max(1, Math.ceil((high - low + 1) / count));
    if (high - low >= 2) { for (k = low; k <= high; k += step) ticks.push(Math.pow(10, k)); return ticks; }
    for (k = low - 1; k <= high; ++k) [1, 2, 5].forEach(function (m) { var t = m * Math.pow(10, k); if (t >= domain[0] && t <= domain[1]) ticks.push(t); });
    return ticks;
  }

  // ---- marks that explain themselves: to a pointer, and to the arrow keys once their chart has the focus ----
  function showTipAt(text, element) {
    var box = element.getBoundingClientRect();
    showTip(text, { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 });
  }
  function hideTip() { tip.attr("hidden", true); }
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") hideTip(); });

  // `marks` in the order of the arrow keys; `lit` is told the datum that is pointed at, or null.
  function pointing(svg, marks, text, lit) {
    var at = -1, all = marks[0];
    function leave() { marks.classed("at", false); if (lit) lit(null); hideTip(); }
    function go(i) {
      at = Math.max(0, Math.min(all.length - 1, i));
      marks.classed("at", function () { return this === all[at]; });
      var datum = all[at].__data__;
      if (lit) lit(datum);
      showTipAt(text(datum), all[at]);
    }
    marks.on("mousemove", function (d) { if (lit) lit(d); showTip(text(d), d3.event); }).on("mouseleave", leave);
    if (!all.length) return;
    svg.attr("tabindex", 0).attr("aria-label", svg.attr("aria-label") + ". Arrow keys go through the marks.");
    svg.on("focus", function () { go(Math.max(at, 0)); }).on("blur", leave).on("keydown", function () {
      var key = d3.event.key;
      if (key === "ArrowRight" || key === "ArrowDown") go(at + 1);
      else if (key === "ArrowLeft" || key === "ArrowUp") go(at - 1);
      else if (key === "Home") go(0);
      else if (key === "End") go(all.length - 1);
      else return;
      d3.event.preventDefault();
    });
  }

  // Draws now and whenever the width changes; not for a change of height alone, which a telephone's address bar makes.
  function redrawn(draw) {
    var wait, width = window.innerWidth;
    draw();
    window.addEventListener("resize", function () {
      if (window.innerWidth === width) return;
      width = window.innerWidth;
      clearTimeout(wait);
      wait = setTimeout(draw, 150);
    });
  }

  return { data: data, tip: tip, minus: minus, short: short, tickText: tickText, showTip: showTip, showTipAt: showTipAt, hideTip: hideTip, pointing: pointing,
    redrawn: redrawn, svgIn: svgIn, padded: padded, logTicks: logTicks };
}());
