/** How the page looks: fonts are the reader's, colours follow light and dark, and paper gets everything unfolded. */

const light = [
  ...["page:#ffffff", "ink:#1f2328", "faint:#59636e", "line:#d1d9e0", "box:#f6f8fa", "link:#0969da"],
  ...["add:#1a7f37", "change:#9a6700", "replace:#8250df", "remove:#cf222e"],
];
const dark = [
  ...["page:#0d1117", "ink:#e6edf3", "faint:#9198a1", "line:#3d444d", "box:#161b22", "link:#4493f8"],
  ...["add:#3fb950", "change:#d29922", "replace:#ab7df8", "remove:#f85149"],
];

const variables = (colors: readonly string[]) => `:root{${colors.map((color) => `--${color}`).join(";")}}`;

export const styleSheet = [
  ":root{color-scheme:light dark}",
  variables(light),
  `@media(prefers-color-scheme:dark){${variables(dark)}}`,
  "*{box-sizing:border-box}",
  'body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}',
  "main{max-width:1248px;margin:0 auto;padding:24px}",
  "h1{margin:0;font-size:28px}h2{margin:36px 0 8px;font-size:20px;border-bottom:1px solid var(--line);padding-bottom:6px}",
  "h3{margin:20px 0 4px;font-size:16px}p{margin:6px 0}a{color:var(--link)}",
  'code,pre,.tree{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px}',
  "code{overflow-wrap:anywhere}.quiet{color:var(--faint)}",
  "nav{display:flex;flex-wrap:wrap;gap:4px 16px;margin-top:12px}",
  ".drawing{overflow-x:auto}.drawing svg{display:block;max-width:100%;height:auto;min-width:720px}",
  "dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 20px;margin:8px 0}dt{color:var(--faint)}dd{margin:0}",
  "ul{margin:6px 0;padding-left:22px}li{margin:3px 0;overflow-wrap:anywhere}",
  ".weight{font-weight:600}.destructive{color:var(--remove)}.disruptive{color:var(--change)}.harmless{color:var(--faint)}",
  ".tree{overflow-x:auto;white-space:nowrap}.tree ul{list-style:none;margin:0;padding-left:20px;border-left:1px solid var(--line)}",
  ".tree>ul{border:0;padding:0}.tree li{margin:0}.tree summary b{font-weight:600}",
  ".tree li li{padding-left:4px}.sign{display:inline-block;width:1.4em;text-align:center;font-weight:700}",
  ...["add", "change", "replace", "remove"].map((mark) => `.sign-${mark}{color:var(--${mark})}`),
  "summary{cursor:pointer}.file{border:1px solid var(--line);border-radius:6px;margin:6px 0;background:var(--box)}",
  ".file>summary{padding:6px 12px;overflow-wrap:anywhere}.file .quiet{font-size:13px}.file[open]>summary{border-bottom:1px solid var(--line)}",
  "pre{margin:0;padding:12px;overflow-x:auto;tab-size:4}",
  "footer{margin-top:40px;color:var(--faint);font-size:14px}",
  "@media(max-width:600px){main{padding:16px}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:6px}}",
  "@media print{nav{display:none}pre{white-space:pre-wrap}}",
].join("\n");
