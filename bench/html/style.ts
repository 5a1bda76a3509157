/** The page's look: the reader's colours, and one accent. */
export const style = `
:root { --ink: #1b1f24; --paper: #ffffff; --faint: #d5d9de; --muted: #5c6570; --accent: #0b66c3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7eb; --paper: #15181c; --faint: #3a414a; --muted: #9aa4af; --accent: #6cb2ff; }
}
body { margin: 2rem auto; max-width: 78rem; padding: 0 1rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, sans-serif; }
h1, h2 { font-weight: 600; line-height: 1.2; }
figure { margin: 1.5rem 0; display: inline-block; vertical-align: top; }
figcaption { color: var(--muted); margin-bottom: .3rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .7rem .15rem 0; text-align: left; border-bottom: 1px solid var(--faint); white-space: nowrap; }
.number { text-align: right; }
svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
svg .muted { fill: var(--muted); }
svg .grid { stroke: var(--faint); }
svg .roof { stroke: var(--muted); fill: none; stroke-width: 1.5; }
svg .point { fill: var(--accent); fill-opacity: .75; }
`;
