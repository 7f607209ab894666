/**
 * Random numbers from a seed: xoshiro128** (Blackman and Vigna, Scrambled linear pseudorandom number generators,
 * ACM TOMS 47(4), 2021), its state filled by the integer mixer of MurmurHash3.
 */
export class Random {
  readonly #state = new Uint32Array(4);
  #spare: number | null = null;

  /**
   * @param seed - A whole number from 0 on.
   * @param stream - Streams of one seed are independent of each other.
   */
  constructor(seed: number, stream = 0) {
    let mixed = mix(mix(seed >>> 0) ^ Math.floor(seed / 2 ** 32) ^ Math.imul(stream + 1, 0x9e3779b9));
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      this.#state[i] = mix(mixed);
    }
  }

  /** The next 32 bits. */
  bits(): number {
    const s = this.#state as unknown as [number, number, number, number];
    const product = Math.imul(s[1], 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  /** A number from 0 to below 1, with 53 random bits. */
  uniform(): number {
    return ((this.bits() >>> 5) * 2 ** 26 + (this.bits() >>> 6)) / 2 ** 53;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.uniform() * end);
  }

  /** A number of the standard normal distribution (Marsaglia's polar method). */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const square = u * u + v * v;
      if (square > 0 && square < 1) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        this.#spare = v * factor;
        return u * factor;
      }
    }
  }
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
