/** Which known names someone may have meant. */

/** The names nearest to `name`, three at most: with a slip of the pen, with more words, with words in common. */
export function nearest(name: string, known: readonly string[]): string[] {
  const ranked = known
    .map((candidate) => ({ candidate, ...compare(name, candidate) }))
    .filter(({ rank }) => rank < ranks.unlike)
    .sort((a, b) => a.rank - b.rank || a.distance - b.distance);
  const isClose = ranked.some(({ rank }) => rank < ranks.related);
  return ranked.filter(({ rank }) => !isClose || rank < ranks.related).slice(0, 3).map(({ candidate }) => candidate);
}

/** From surely meant to hardly; `related` ones are named only for want of better. */
const ranks = { slip: 0, part: 1, similar: 2, related: 3, unlike: 4 };

function compare(name: string, candidate: string): { rank: number; distance: number } {
  const [a, b] = [wordsOf(name), wordsOf(candidate)];
  const distance = editDistance(a.join(''), b.join(''));
  return { rank: rankOf(a, b, distance), distance };
}

function rankOf(words: readonly string[], candidate: readonly string[], distance: number): number {
  const { length } = candidate.join('');
  if (distance <= Math.max(1, Math.floor(length / 6))) return ranks.slip;
  if (isPart(words, candidate)) return ranks.part;
  if (distance <= Math.floor(length / 3)) return ranks.similar;
  return words.some((word) => word.length > 3 && candidate.includes(word)) ? ranks.related : ranks.unlike;
}

/** Whether all words are there, or at least begun, or else the letters of all in one piece. */
function isPart(words: readonly string[], candidate: readonly string[]): boolean {
  if (words.length > 0 && words.every((word) => candidate.some((other) => begins(other, word)))) return true;
  const letters = words.join('');
  return begins(candidate.join(''), letters) || (letters.length > 3 && candidate.join('').includes(letters));
}

/** Whether a word begins with another one of at least two letters. */
function begins(word: string, beginning: string): boolean {
  return beginning.length > 1 && word.startsWith(beginning);
}

/** `heUniform`, `he_uniform` and `HeUniform` are the words he and uniform. */
function wordsOf(name: string): string[] {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z0-9]+/).filter(Boolean);
}

/** Letters inserted, dropped, replaced or swapped with their neighbour on the way from a to b. */
function editDistance(a: string, b: string): number {
  let above: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1, isSwap ? above[j - 2]! + 1 : Infinity));
    }
    [above, row] = [row, next];
  }
  return row[b.length]!;
}
