// Cells of the heat map: one stop of the Tab key, arrow keys inside, an explanation for whatever is pointed at.
(function () {
  "use strict";
  var data = chart.data;

  function rowsOf(table) {
    return Array.prototype.slice.call(table.querySelectorAll("tbody tr")).filter(function (row) { return !row.hidden; });
  }
  function number(x, digits) { return chart.minus(x.toFixed(digits)); }

  (data.matrices || []).forEach(function (matrix) {
    var table = document.getElementById("matrix-" + matrix.target);
    if (!table) return;
    var current = null, rows = matrix.rows;
    Array.prototype.forEach.call(table.querySelectorAll("tbody tr"), function (row, i) { row.setAttribute("data-row-of-matrix", i); });

    function text(cell) {
      var row = rows[+cell.parentNode.getAttribute("data-row-of-matrix")], column = cell.cellIndex - 1, one = row.cells[column], protocol = matrix.protocols[column];
      var lines = [row.measure + (row.baseline ? " (baseline)" : ""), protocol.name + (one.negated ? ", of the negated measure, which is held to fall" : "")];
      if (one.score === null) return lines.concat(one.reason || "no score").join("\n");
      lines.push(number(one.score, protocol.digits) + (one.low === null ? ", no interval" : ", interval " + number(one.low, protocol.digits) + " to " + number(one.high, protocol.digits)));
      lines.push("knowing nothing gives " + number(protocol.uninformed, protocol.digits));
      if (protocol.luck !== null) lines.push(one.beyond ? "beyond luck" : "within what luck gives");
      return lines.join("\n");
    }
    function current_is(cell) {
      if (current) current.tabIndex = -1;
      current = cell;
      cell.tabIndex = 0;
    }
    function cellOf(target) { return target.closest ? target.closest("td.cell") : null; }

    Array.prototype.forEach.call(table.querySelectorAll("td.cell"), function (cell) { cell.tabIndex = -1; });
    var first = table.querySelector("td.cell");
    if (first) current_is(first);
    table.addEventListener("focusin", function (event) {
      var cell = cellOf(event.target);
      if (!cell) return;
      current_is(cell);
      chart.showTipAt(text(cell), cell);
    });
    table.addEventListener("focusout", chart.hideTip);
    table.addEventListener("mousemove", function (event) {
      var cell = cellOf(event.target);
      if (cell) chart.showTip(text(cell), event); else chart.hideTip();
    });
    table.addEventListener("mouseleave", chart.hideTip);
    table.addEventListener("keydown", function (event) {
      var cell = cellOf(event.target);
      if (!cell) return;
      var visible = rowsOf(table), at = visible.indexOf(cell.parentNode), column = cell.cellIndex;
      if (event.key === "ArrowDown") at = Math.min(at + 1, visible.length - 1);
      else if (event.key === "ArrowUp") at = Math.max(at - 1, 0);
      else if (event.key === "ArrowRight") column = Math.min(column + 1, cell.parentNode.cells.length - 1);
      else if (event.key === "ArrowLeft") column = Math.max(column - 1, 1);
      else if (event.key === "Home") column = 1;
      else if (event.key === "End") column = cell.parentNode.cells.length - 1;
      else return;
      event.preventDefault();
      visible[at].cells[column].focus();
    });
    // A filter may hide the row that the Tab key would come to.
    var field = document.querySelector("input[aria-controls='" + table.id + "']");
    if (field) field.addEventListener("input", function () {
      var visible = rowsOf(table);
      if (current && current.parentNode.hidden && visible.length) current_is(visible[0].cells[1]);
    });
  });

  var button = document.getElementById("show-intervals");
  if (button) button.addEventListener("click", function () {
    var on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", on);
    Array.prototype.forEach.call(document.querySelectorAll("table.matrix"), function (table) { table.classList.toggle("with-intervals", on); });
  });
}());
