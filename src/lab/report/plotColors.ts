/** What a colour of a picture stands for. */
type Role = "ground" | "ink" | "muted" | "line" | "grid" | `series${number}`;

/**
 * Colours of a picture on a light ground, as they are drawn. Each role has a colour of its own, so that style sheets can
 * give it another one ({@link colorRules}); whoever knows no style sheets shows the picture in these.
 *
 * Series: after Okabe and Ito, made darker until each has a contrast of 3 to 1 with its ground, next to each other in an
 * order in which neighbours differ for all kinds of colour blindness. Marks and dashes tell them apart as well.
 */
export const lightColors: Readonly<Record<Role, string>> = {
  ground: "#ffffff",
  ink: "#1f2328",
  muted: "#57606a",
  line: "#8c959f",
  grid: "#e4e8ec",
  series0: "#0072b2",
  series1: "#c94f00",
  series2: "#00805e",
  series3: "#b0508c",
  series4: "#8a6a00",
  series5: "#4b4f55",
  series6: "#5e50c8",
  series7: "#b4232f",
};

/** The same roles on a dark ground. */
export const darkColors: Readonly<Record<Role, string>> = {
  ground: "#1b1f24",
  ink: "#e6e9ed",
  muted: "#a3abb4",
  line: "#6b737c",
  grid: "#30363d",
  series0: "#56b4e9",
  series1: "#ff8a45",
  series2: "#2fc79b",
  series3: "#e390c1",
  series4: "#e0b52c",
  series5: "#c3c8ce",
  series6: "#a99ff7",
  series7: "#ff8080",
};

export const seriesCount = 8;

/** From little to much, readable for colour-blind readers and when printed in grey (cividis). */
export const heatColors = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"];

/** Style rules that give each role of a drawn picture another colour. */
export function colorRules(colors: Readonly<Record<string, string>>, scope = ""): string {
  return Object.entries(colors)
    .map(([role, color]) => {
      const drawn = lightColors[role as Role];
      return `${scope}[fill="${drawn}"]{fill:${color}}${scope}[stroke="${drawn}"]{stroke:${color}}`;
    })
    .join("\n");
}
