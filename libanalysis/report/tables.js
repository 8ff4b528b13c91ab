// Tables sort by a click or the Enter key on a heading, and show only the rows that hold what is typed.
(function () {
  "use strict";
  var each = Array.prototype.forEach;

  function sortable(table) {
    var heads = table.tHead.rows[0].cells;
    function key(row, column, numeric) {
      var cell = row.cells[Math.min(column, row.cells.length - 1)];
      if (!numeric) return cell.textContent;
      var value = cell.getAttribute("data-value");
      return value === null || value === "" ? NaN : +value;
    }
    each.call(heads, function (head, column) {
      if (!head.textContent) return;   // a column of pictures
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending", sign = down ? -1 : 1, numeric = head.classList.contains("n");
        each.call(heads, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        each.call(table.tBodies, function (body) {   // each by itself: baselines stay on top
          Array.prototype.slice.call(body.rows).map(function (row, i) { return { row: row, key: key(row, column, numeric), i: i }; }).sort(function (a, b) {
            if (!numeric) return sign * a.key.localeCompare(b.key, undefined, { numeric: true }) || a.i - b.i;
            if (isNaN(a.key) || isNaN(b.key)) return (isNaN(a.key) ? 1 : 0) - (isNaN(b.key) ? 1 : 0) || a.i - b.i;   // what has no number stays last
            return sign * (a.key - b.key) || a.i - b.i;
          }).forEach(function (entry) { body.appendChild(entry.row); });
        });
      });
    });
  }

  // A table that fits on a screen needs no filter.
  var fewest = 9;
  function filterable(table) {
    var rows = [];
    each.call(table.tBodies, function (body) { rows = rows.concat(Array.prototype.slice.call(body.rows)); });
    if (rows.length < fewest) return;
    var line = document.createElement("p"), label = document.createElement("label"), field = document.createElement("input"), count = document.createElement("span");
    line.className = "filter";
    field.type = "search";
    field.autocomplete = "off";
    field.spellcheck = false;
    field.setAttribute("aria-controls", table.id);
    count.setAttribute("role", "status");
    label.appendChild(document.createTextNode("Filter rows "));
    label.appendChild(field);
    line.appendChild(label);
    line.appendChild(count);
    var holder = table.parentNode;
    holder.parentNode.insertBefore(line, holder);
    field.addEventListener("input", function () {
      var words = field.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
      rows.forEach(function (row) {
        var text = row.textContent.toLowerCase(), fits = words.every(function (word) { return text.indexOf(word) >= 0; });
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      count.textContent = words.length ? shown + " of " + rows.length + " rows" : "";
    });
  }

  each.call(document.querySelectorAll("table.sortable"), function (table) { sortable(table); filterable(table); });

  // Paper shows what a screen folds away.
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.prototype.slice.call(document.querySelectorAll("details:not([open])"));
    opened.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () { opened.forEach(function (one) { one.open = false; }); });
}());
