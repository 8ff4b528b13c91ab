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

  // ---- tables sort by a click or the Enter key on a heading ----
  function sortable(table) {
    var heads = table.tHead.rows[0].cells, body = table.tBodies[0];
    Array.prototype.forEach.call(heads, function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending", sign = down ? -1 : 1;
        Array.prototype.forEach.call(heads, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var numeric = head.classList.contains("n");
        function key(row) {
          var cell = row.cells[Math.min(column, row.cells.length - 1)];
          if (!numeric) return cell.textContent;
          var value = cell.getAttribute("data-value");
          return value === null || value === "" ? NaN : +value;
        }
        Array.prototype.slice.call(body.rows).map(function (row, i) { return { row: row, key: key(row), i: i }; }).sort(function (a, b) {
          if (!numeric) return sign * a.key.localeCompare(b.key, undefined, { numeric: true }) || a.i - b.i;
          if (isNaN(a.key) || isNaN(b.key)) return (isNaN(a.key) ? 1 : 0) - (isNaN(b.key) ? 1 : 0) || a.i - b.i;   // what has no number stays last
          return sign * (a.key - b.key) || a.i - b.i;
        }).forEach(function (entry) { body.appendChild(entry.row); });
      });
    });
  }
  Array.prototype.forEach.call(document.querySelectorAll("table.sortable"), sortable);


  return { data: data, tip: tip, minus: minus, short: short, tickText: tickText, showTip: showTip, svgIn: svgIn, padded: padded, logTicks: logTicks };
}());
