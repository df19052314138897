// Draws the numbers of a page of figures; each chart is made of the table below it, and a bar leads where its row leads.
const MOST_LINES = 20;
const LINE_PX = 34;
const NAME_PX = 260;
const PAPER_PX = 620;
const still = matchMedia("(prefers-reduced-motion: reduce)");

const rowsOf = (figure) =>
  [...figure.querySelectorAll("tbody tr")].map((row) => {
    const [name, ...cells] = row.cells;
    return {
      name: name.textContent.trim(),
      hrefs: cells.map((cell) => (name.querySelector("a") ?? cell.querySelector("a"))?.href),
      values: cells.map((cell) => (cell.dataset.value === "None" ? null : Number(cell.dataset.value))),
      written: cells.map((cell) => cell.textContent.trim()),
    };
  });

const headsOf = (figure) => [...figure.querySelectorAll("thead th")].slice(1).map((head) => head.textContent.trim());

const coloursOf = (element) => {
  const style = getComputedStyle(element);
  return (name) => style.getPropertyValue(`--ak-${name}`).trim();
};

const optionsOf = (figure, rows, colour) => {
  const lying = figure.dataset.chart === "lines";
  const heads = headsOf(figure);
  const text = { color: colour("quiet"), fontFamily: getComputedStyle(figure).fontFamily, fontSize: 14 };
  const names = {
    type: "category",
    data: rows.map((row) => row.name),
    inverse: lying,
    axisLabel: { ...text, ...(lying ? { width: Math.min(NAME_PX, figure.clientWidth / 3), overflow: "truncate" } : { hideOverlap: true }) },
    axisLine: { lineStyle: { color: colour("edge") } },
    axisTick: { show: false },
  };
  const values = {
    type: "value",
    axisLabel: { ...text, hideOverlap: true },
    splitLine: { lineStyle: { color: colour("line") } },
  };
  return {
    animation: !still.matches,
    grid: { left: 4, right: 24, top: heads.length > 1 ? 40 : 12, bottom: 4, containLabel: true },
    legend: { show: heads.length > 1, top: 0, right: 0, textStyle: text },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      axisPointer: { type: "shadow" },
      backgroundColor: colour("paper"),
      borderColor: colour("edge"),
      textStyle: { ...text, color: colour("ink") },
      formatter: (shown) => {
        const row = rows[shown[0].dataIndex];
        return [row.name, ...heads.map((head, at) => `${head}  ${row.written[at]}`)].join("\n");
      },
    },
    xAxis: lying ? values : names,
    yAxis: lying ? names : values,
    series: heads.map((head, at) => ({
      name: head,
      type: "bar",
      barMaxWidth: 40,
      itemStyle: { color: at ? colour("edge") : colour("blue") },
      cursor: rows.some((row) => row.hrefs[at]) ? "pointer" : "default",
      data: rows.map((row) => row.values[at]),
    })),
  };
};

const draw = (figure) => {
  const rows = rowsOf(figure).slice(0, figure.dataset.chart === "lines" ? MOST_LINES : undefined);
  const plot = figure.querySelector(".plot");
  figure.hidden = plot.hidden = false;
  figure.querySelector(".plain")?.remove();
  // the stylesheet decides how high bars over time are; lines need room for each
  if (figure.dataset.chart === "lines") plot.style.height = `${rows.length * LINE_PX + 48}px`;
  const chart = globalThis.echarts.init(plot, null, { renderer: "svg" });
  const paint = () => chart.setOption(optionsOf(figure, rows, coloursOf(figure)), true);
  paint();
  chart.on("click", ({ dataIndex, seriesIndex }) => {
    const href = rows[dataIndex].hrefs[seriesIndex];
    if (href) location.assign(href);
  });
  new ResizeObserver(() => chart.resize()).observe(plot);
  // paper is narrower than a screen, and a picture that is not would be cut off with everything beside it
  addEventListener("beforeprint", () => {
    chart.resize({ width: Math.min(PAPER_PX, plot.clientWidth) });
    chart.getZr().flush();
  });
  addEventListener("afterprint", () => chart.resize({ width: "auto" }));
  new MutationObserver(paint).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
};

if (globalThis.echarts) document.querySelectorAll("figure[data-chart]").forEach(draw);
