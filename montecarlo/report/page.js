"use strict";
// Unpacks plotly's script, which stands in the page, and draws every chart.  data-charts of <html> tells how it ended.

// Legend and menu of one chart: a trace is seen if its entry is pressed and its group is the one chosen.
function control(place, data, groups) {
  const figure = place.closest("figure");
  const menu = figure.querySelector("select");
  const buttons = [...figure.querySelectorAll("button[data-traces]")];
  const show = () => {
    const hidden = new Set();
    for (const button of buttons) {
      if (button.getAttribute("aria-pressed") === "false") JSON.parse(button.dataset.traces).forEach((trace) => hidden.add(trace));
    }
    const visible = data.map((_, trace) => !hidden.has(trace) && (!menu || groups[trace] === menu.selectedIndex));
    Plotly.restyle(place, { visible });
  };
  if (menu) menu.addEventListener("change", show);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") === "false"));
      show();
    });
  }
}

// The text that the element ``id`` holds: gzip in base64.
function unpack(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

(async () => {
  const page = document.documentElement;
  if (!document.getElementById("plotly")) {
    page.dataset.charts = "none";
    return;
  }
  const places = [...document.querySelectorAll(".chart")];
  try {
    const script = document.createElement("script");
    script.textContent = await unpack("plotly");
    document.head.append(script);
    const figures = JSON.parse(await unpack("charts"));
    const touch = window.matchMedia("(pointer: coarse)").matches;
    const grid = { gridcolor: "#e5e8eb", linecolor: "#8c959f", zerolinecolor: "#c5ccd3", ticks: "outside", tickcolor: "#8c959f" };
    const common = {
      font: { family: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif", size: 12, color: "#1b1f24" },
      margin: { l: 12, r: 12, t: 34, b: 12 }, // the buttons stand above
      showlegend: false, // the page has its own
      hoverlabel: { namelength: -1 },
      paper_bgcolor: "#fff",
      plot_bgcolor: "#fff",
      dragmode: touch ? false : "zoom", // a finger scrolls the page
    };
    // the buttons are listed: plotly's own choice has one that sends the data to a server
    const buttons = [["toImage"], ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]];
    const config = { responsive: true, displaylogo: false, modeBarButtons: buttons, plotlyServerURL: "" };
    for (const place of places) {
      const { data, layout, groups } = figures[Number(place.dataset.chart)];
      for (const key of Object.keys(layout)) {
        if (/^[xy]axis\d*$/.test(key)) layout[key] = { ...grid, ...layout[key] };
      }
      await Plotly.newPlot(place, data, { ...common, ...layout }, config);
      control(place, data, groups);
      await new Promise((next) => setTimeout(next)); // the page stays alive between two plots
    }
    const fit = (width) => {
      for (const place of places) Plotly.relayout(place, width ? { width, autosize: false } : { width: null, autosize: true });
    };
    window.addEventListener("beforeprint", () => {
      for (const fold of document.querySelectorAll("details")) fold.open = true;
      fit(660);
    });
    window.addEventListener("afterprint", () => fit(0));
    page.dataset.charts = "drawn";
  } catch (error) {
    console.error(error);
    page.dataset.charts = "failed";
    for (const place of places) {
      if (!place.querySelector(".main-svg")) {
        place.classList.add("failed");
        place.textContent = "This browser cannot draw the plot; it needs one of 2023 or later.";
      }
    }
  }
})();
