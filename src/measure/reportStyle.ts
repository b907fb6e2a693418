import { colorRules, darkColors } from "../lab/report/plotColors.ts";

/** What pictures take from the editor's theme; their series keep colours that are told apart on its ground. */
const themeColors = {
  ground: "none",
  ink: "var(--vscode-editor-foreground)",
  muted: "var(--vscode-descriptionForeground)",
  line: "var(--vscode-editor-foreground)",
  grid: "var(--vscode-editorWidget-border, var(--vscode-contrastBorder, var(--vscode-editor-foreground)))",
};

/** The rules of the report's page. Colours are the theme's; nothing is told by colour alone. */
export const reportStyle = `
body { margin: 0; padding: 0; background: var(--vscode-editor-background); color: var(--vscode-editor-foreground);
  font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); line-height: 1.5; }
main { max-width: 860px; margin: 0 auto; padding: 24px 28px 48px; }
h1 { font-size: 1.7em; font-weight: 600; line-height: 1.25; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 1.3em; font-weight: 600; line-height: 1.3; margin: 0 0 8px; padding-top: 22px; }
section { margin-top: 28px; border-top: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)); }
p { margin: 0 0 10px; }
.muted { color: var(--vscode-descriptionForeground); }
a { color: var(--vscode-textLink-foreground); }
a:hover { color: var(--vscode-textLink-activeForeground); }
:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 2px; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 14px 0 20px; }
.button { padding: 4px 14px; border-radius: 3px; text-decoration: none;
  border: 1px solid var(--vscode-button-border, var(--vscode-contrastBorder, transparent));
  background: var(--vscode-button-secondaryBackground); color: var(--vscode-button-secondaryForeground); }
.button:hover { background: var(--vscode-button-secondaryHoverBackground); color: var(--vscode-button-secondaryForeground); }
.button.primary { background: var(--vscode-button-background); color: var(--vscode-button-foreground); }
.button.primary:hover { background: var(--vscode-button-hoverBackground); color: var(--vscode-button-foreground); }
ul { margin: 0 0 14px; padding-left: 20px; }
.parts { list-style: none; padding: 0; display: grid; gap: 6px; }
.parts li { display: flex; gap: 10px; }
.mark { flex: none; width: 1.1em; text-align: center; }
.scroll { overflow-x: auto; margin: 0 0 18px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0 0 6px; }
th, td { text-align: left; vertical-align: top; padding: 4px 18px 4px 0; font-weight: normal;
  border-bottom: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)); }
thead th { color: var(--vscode-descriptionForeground); vertical-align: bottom; }
tbody th { min-width: 9em; }
th.number { text-align: right; min-width: 5em; max-width: 9em; }
td.number { text-align: right; white-space: nowrap; }
.claims td { white-space: nowrap; }
.plot { margin: 0 0 18px; overflow-x: auto; }
.plot svg { display: block; width: 100%; min-width: 460px; max-width: 760px; height: auto; }
${colorRules(themeColors, ".plot ")}
.vscode-dark .plot, .vscode-high-contrast:not(.vscode-high-contrast-light) .plot { forced-color-adjust: none; }
${seriesRules(darkColors, [".vscode-dark .plot ", ".vscode-high-contrast:not(.vscode-high-contrast-light) .plot "])}
details { margin: 0 0 8px; }
summary { cursor: pointer; color: var(--vscode-descriptionForeground); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 8px 0 0; }
dt { color: var(--vscode-descriptionForeground); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 480px) { main { padding: 16px 14px 32px; } dl { grid-template-columns: 1fr; } dt { margin-top: 6px; } }
`;

function seriesRules(colors: Readonly<Record<string, string>>, scopes: readonly string[]): string {
  const series = Object.fromEntries(Object.entries(colors).filter(([role]) => role.startsWith("series")));
  return scopes.map((scope) => colorRules(series, scope)).join("\n");
}
