import type { EChartsCoreOption } from "echarts/core";
import type { BarPlot, HeatPlot, LinePlot, Plot } from "../labResult.ts";
import { heatColors, lightColors, seriesCount } from "./plotColors.ts";
import { brokenInto, textWidth } from "./textWidth.ts";
import { scaleFor, tickText, type Scale } from "./ticks.ts";

/** Width and height, in units of the picture. Letters are 13 high: readable when the picture is shown at half its size. */
export const pictureSize = { width: 720, height: 420 };
const fontSize = 13;
const titleSize = 15;
/** Heights of lines, and the space around all, in units of the picture. */
const edge = 16;
const titleLine = 20;
/** Of the first line of a legend, and of each further one: ECharts leaves the gap between names between lines too. */
const legendLine = 22;
const legendMark = 30;
const legendGap = 18;
const furtherLegendLine = fontSize + 2 + legendGap;
const font = { fontFamily: "system-ui, 'Segoe UI', Ubuntu, sans-serif", fontSize };
const symbols = ["circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect", "emptyTriangle", "emptyDiamond"];
const dashes = ["solid", "solid", [7, 4], [2, 3], [10, 3, 2, 3], "solid", [7, 4], [2, 3]] as const;
/** More points than these are drawn without marks on the line. */
const markedPoints = 40;

/** What the plotting library is told. */
export function plotOption(plot: Plot): EChartsCoreOption {
  const title = brokenInto(plot.title, titleSize, pictureSize.width - 3 * edge);
  const common = {
    animation: false,
    textStyle: { ...font, color: lightColors.ink },
    title: {
      text: title.join("\n"),
      left: edge,
      top: edge - 4,
      padding: 0,
      textStyle: { ...font, fontSize: titleSize, lineHeight: titleLine, fontWeight: 600, color: lightColors.ink },
    },
  };
  const top = edge + title.length * titleLine;
  switch (plot.kind) {
    case "line":
      return { ...common, ...lineOption(plot, top) };
    case "bar":
      return { ...common, ...barOption(plot, top) };
    case "heat":
      return { ...common, ...heatOption(plot, top) };
  }
}

function lineOption(plot: LinePlot, top: number): EChartsCoreOption {
  const points = plot.series.flatMap((series) => series.points.filter(isDrawable));
  const x = scaleOver(
    points.map(([value]) => value),
    plot.x.log,
  );
  const y = scaleOver(
    points.map(([, value]) => value),
    plot.y.log,
  );
  return {
    ...frame(
      plot.series.map(({ name }) => name),
      top,
    ),
    xAxis: { ...valueAxis(x, plot.x.label, "x") },
    yAxis: { ...valueAxis(y, plot.y.label, "y") },
    series: plot.series.map(({ name, points: own }, index) => ({
      type: "line",
      name,
      data: own.map((point) => (isDrawable(point) ? [...point] : [point[0], null])),
      ...look(index),
      symbolSize: 8,
      showSymbol: own.length <= markedPoints,
      silent: true,
      lineStyle: { width: 2.25, color: color(index), type: dash(index) },
    })),
  };
}

function barOption(plot: BarPlot, top: number): EChartsCoreOption {
  const values = plot.series.flatMap((series) => series.values.filter((value) => value !== null));
  const y = plot.y.log === true ? scaleOver(values, true) : scaleOver(values, false, true);
  const bars = plot.series.length * plot.groups.length;
  return {
    ...frame(
      plot.series.map(({ name }) => name),
      top,
    ),
    xAxis: {
      type: "category",
      data: plot.groups,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: lightColors.line } },
      axisLabel: { ...font, color: lightColors.muted, interval: 0, width: 600 / plot.groups.length, overflow: "break" },
    },
    yAxis: valueAxis(y, plot.y.label, "y"),
    series: plot.series.map(({ name, values: own }, index) => ({
      type: "bar",
      name,
      data: own.map((value) => value ?? "-"),
      itemStyle: { color: color(index), borderRadius: [2, 2, 0, 0] },
      barMaxWidth: 44,
      barGap: "12%",
      silent: true,
      label: {
        // Beyond that the figures would stand in each other's way; the table has them.
        show: bars <= 16,
        position: "top",
        ...font,
        fontSize: fontSize - 1,
        color: lightColors.ink,
        formatter: ({ value }: { value: unknown }) => (typeof value === "number" ? tickText(digits(value)) : ""),
      },
    })),
  };
}

function heatOption(plot: HeatPlot, top: number): EChartsCoreOption {
  const columns = Math.max(0, ...plot.values.map((row) => row.length));
  const cells = plot.values
    .flatMap((row, y) => row.map((value, x) => [x, y, value] as const))
    .filter(([, , value]) => Number.isFinite(value));
  const values = cells.map(([, , value]) => value);
  const { ticks } = scaleOver(values, false, true);
  const [least = 0, most = 1] = [ticks[0], ticks.at(-1)];
  const indexAxis = (count: number, label: string, which: "x" | "y") => ({
    type: "category",
    data: Array.from({ length: count }, (_, index) => String(index)),
    inverse: which === "y",
    ...axisName(label, which, 34),
    axisTick: { show: false },
    axisLine: { show: false },
    splitLine: { show: false },
    axisLabel: { ...font, color: lightColors.muted, interval: Math.ceil(count / 16) - 1 },
  });
  return {
    grid: {
      left: edge + 24,
      right: 110,
      top: top + 12,
      bottom: edge + 22,
      outerBoundsMode: "same",
      outerBoundsContain: "axisLabel",
    },
    xAxis: indexAxis(columns, plot.x.label, "x"),
    yAxis: indexAxis(plot.values.length, plot.y.label, "y"),
    visualMap: {
      type: "continuous",
      min: least,
      max: most,
      right: edge,
      top: "middle",
      itemHeight: 220,
      itemWidth: 14,
      calculable: false,
      inRange: { color: heatColors },
      text: [`${plot.value?.label ?? ""}\n${tickText(most)}`, tickText(least)],
      textStyle: { ...font, color: lightColors.muted },
    },
    series: [{ type: "heatmap", data: cells.map((cell) => [...cell]), silent: true, emphasis: { disabled: true } }],
  };
}

/** Legend below the title, and the room that the axes have below it. */
function frame(names: readonly string[], top: number): EChartsCoreOption {
  const lines = names.length < 2 ? 0 : legendLines(names);
  return {
    legend: {
      show: lines > 0,
      left: edge - 4,
      right: edge,
      top,
      padding: [4, 4],
      itemGap: legendGap,
      itemWidth: legendMark,
      itemHeight: 10,
      selectedMode: false,
      textStyle: { ...font, color: lightColors.ink },
    },
    grid: {
      left: edge + 24,
      right: edge + 14,
      top: top + 12 + (lines === 0 ? 0 : legendLine + (lines - 1) * furtherLegendLine),
      bottom: edge + 24,
      outerBoundsMode: "same",
      outerBoundsContain: "axisLabel",
    },
  };
}

/** How many lines the legend takes. */
function legendLines(names: readonly string[]): number {
  let lines = 1;
  let used = 0;
  for (const name of names) {
    const width = legendMark + 5 + legendGap + textWidth(name, fontSize);
    if (used > 0 && used + width > pictureSize.width - 2 * edge) {
      lines += 1;
      used = 0;
    }
    used += width;
  }
  return lines;
}

function valueAxis({ log, ticks }: Scale, label: string, which: "x" | "y") {
  const marks = { customValues: [...ticks] };
  return {
    type: log ? "log" : "value",
    min: ticks[0],
    max: ticks.at(-1),
    ...axisName(label, which, which === "x" ? 30 : 46),
    axisLine: { show: which === "x", onZero: false, lineStyle: { color: lightColors.line } },
    axisTick: { show: which === "x", ...marks, lineStyle: { color: lightColors.line } },
    axisLabel: { ...font, ...marks, color: lightColors.muted, formatter: (value: number) => tickText(value) },
    splitLine: { show: which === "y", ...marks, lineStyle: { color: lightColors.grid } },
    minorTick: { show: false },
  };
}

function axisName(name: string, which: "x" | "y", nameGap: number) {
  return {
    name,
    nameLocation: "middle",
    nameGap,
    nameTextStyle: { ...font, color: lightColors.ink },
    nameRotate: which === "y" ? 90 : 0,
  };
}

function look(index: number) {
  return { symbol: symbols[index % symbols.length], itemStyle: { color: color(index) } };
}

function color(index: number): string {
  return lightColors[`series${index % seriesCount}`] ?? lightColors.ink;
}

function dash(index: number): string | number[] {
  const type = dashes[index % dashes.length] ?? "solid";
  return typeof type === "string" ? type : [...type];
}

function scaleOver(values: readonly number[], log = false, zero = false): Scale {
  if (values.length === 0) return scaleFor(0, 1);
  return scaleFor(least(values), most(values), { log, zero });
}

function least(values: readonly number[]): number {
  return values.reduce((found, value) => Math.min(found, value), Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((found, value) => Math.max(found, value), -Infinity);
}

function isDrawable(point: readonly [number, number]): boolean {
  return Number.isFinite(point[0]) && Number.isFinite(point[1]);
}

function digits(value: number): number {
  return Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}
