import type { Response } from 'express';

/** A whole page in the common look. @param head markup inside of `<head>`, beside title and style */
export function page(title: string, body: string, head = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
${head}<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** Answers with a page. No script may run on it, and nothing is loaded from anywhere. */
export function sendPage(response: Response, html: string): void {
  response.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
  response.type('html').send(html);
}

/** @param rows cells as markup; @param whenEmpty what is said without any */
export function table(heads: readonly string[], rows: readonly (readonly string[])[], whenEmpty: string): string {
  if (rows.length === 0) return `<p class="empty">${whenEmpty}</p>`;
  const head = heads.map((each) => `<th>${each}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

/** A link to what strangers may have written: anything but http and https stays text. */
export function link(url: string, words: string): string {
  return /^https?:\/\//.test(url) ? `<a href="${escapeHtml(url)}">${escapeHtml(words)}</a>` : escapeHtml(words);
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#ddd, #3a3a40); --soft: light-dark(#666, #a0a0a8); }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1.5rem;
  background: light-dark(#fff, #18181b); color: light-dark(#18181b, #ececf0); }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
header p, footer, .empty, small { color: var(--soft); margin: .25rem 0; } footer { margin-top: 2.5rem; }
header b { color: light-dark(#18181b, #ececf0); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 500; color: var(--soft); white-space: nowrap; }
td { font-variant-numeric: tabular-nums; }
td small { display: block; overflow-wrap: anywhere; }
ul { margin: .25rem 0; padding-left: 1.2rem; }
code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
a { color: light-dark(#0550ae, #79b8ff); }
b.far { color: light-dark(#b42318, #ff8578); } b.out { color: light-dark(#b54708, #f5b04f); }
b.near { font-weight: 400; color: var(--soft); } td b { white-space: nowrap; }
`;
