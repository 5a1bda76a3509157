/** Tables of text. */

/** The text, cut with an ellipsis where it is longer than that. */
export function clipped(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/**
 * Lines of a table: the header, a rule, the rows. The first `left` columns are flush left, the others flush right;
 * columns that are empty in all rows are left out.
 */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[], left: number): string[] {
  const columns = header.map((_, column) => column).filter((column) => rows.some((row) => row[column] !== ''));
  const widthOf = (column: number): number => Math.max(...[header, ...rows].map((row) => row[column]!.length));
  const widths = new Map(columns.map((column) => [column, widthOf(column)]));
  const line = (row: readonly string[]): string => columns.map((column) => {
    const width = widths.get(column)!;
    return column < left ? row[column]!.padEnd(width) : row[column]!.padStart(width);
  }).join('  ').trimEnd();
  return [line(header), columns.map((column) => '─'.repeat(widths.get(column)!)).join('  '), ...rows.map(line)];
}
