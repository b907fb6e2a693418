/** Bytes: larger than any cache of a processor. */
const copied = 128 * 2 ** 20;
const rounds = 8;

/**
 * Bytes per second that one core moves between memory and itself: the best of some copies, each of which reads and writes
 * every byte. What a decode cannot be faster than follows from it.
 */
export function memoryBandwidth(): number {
  const [from, to] = [Buffer.alloc(copied, 1), Buffer.alloc(copied)];
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    from.copy(to);
    best = Math.min(best, performance.now() - start);
  }
  return (2 * copied) / (best / 1000);
}
