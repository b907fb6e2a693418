import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent, VisualMapComponent } from "echarts/components";
import { init, setPlatformAPI, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Plot } from "./labResult.ts";
import { colorRules, darkColors, lightColors } from "./report/plotColors.ts";
import { pictureSize, plotOption } from "./report/plotOption.ts";
import { textWidth } from "./report/textWidth.ts";

use([
  LineChart,
  BarChart,
  HeatmapChart,
  GridComponent,
  LegendComponent,
  TitleComponent,
  VisualMapComponent,
  SVGRenderer,
]);
setPlatformAPI({
  measureText: (text, font) => ({ width: textWidth(text, Number(/(\d+)px/.exec(font ?? "")?.[1] ?? 12)) }),
});

/**
 * Draws a picture of an experiment as SVG, the same letters each time for the same figures. It needs nothing but itself: it has a ground of
 * its own, light or dark as the reader's system is. No style attributes, so it can stand in a page that forbids them.
 */
export function drawPlot(plot: Plot, experiment: string): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...pictureSize });
  try {
    chart.setOption(plotOption(plot));
    return selfContained(chart.renderToSVGString(), plot.title, `${experiment}-${plot.name}`);
  } finally {
    chart.dispose();
  }
}

function selfContained(svg: string, title: string, id: string): string {
  const { width, height } = pictureSize;
  const rules = `@media (prefers-color-scheme: dark) {\n${colorRules(darkColors)}\n}`;
  const body = svg
    .slice(svg.indexOf(">") + 1)
    // What is only for the mouse: rules for hovering, marks of data, areas without a colour.
    .replace(/<style[^]*?<\/style>/g, "")
    .replace(/ (?:class|pointer-events|ecmeta_\w+|xml:space)="[^"]*"/g, "")
    .replace(
      /<path [^>]*(?:fill-opacity="0"|d="[^"]*"(?: transform="[^"]*")? fill="none")[^>]*><\/path>\n?/g,
      (path) => (path.includes(' stroke="#') && !path.includes('stroke-width="0"') ? path : ""),
    )
    .replaceAll('fill="#000"', 'fill="none"')
    // The inside of hollow marks.
    .replaceAll('fill="#fff"', `fill="${lightColors.ground}"`)
    // Several pictures may stand in one page, and the library only numbers them.
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/ style="([^"]*)"/g, (_all, style: string) => attributesOf(style));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `role="img" aria-label="${escaped(title)}">\n<style>${rules}</style>\n` +
    `<rect width="${width}" height="${height}" rx="6" fill="${lightColors.ground}"/>` +
    `${body.replace(/<rect width="\d+" height="\d+" x="0" y="0" fill="none"><\/rect>/, "")}\n`
  );
}

/** `font-size:13px;font-family:…` as attributes of their own, which mean the same in SVG. */
function attributesOf(style: string): string {
  return style
    .split(";")
    .map((part) => part.split(":"))
    .flatMap(([property = "", value]) => (value === undefined ? [] : [` ${property.trim()}="${value.trim()}"`]))
    .join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
