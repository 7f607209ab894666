/** How fast something is sent, and how long the rest will take. */

// The speed of the last seconds: long enough to be steady, short enough to notice that the line has become slow.
const WINDOW = 8_000;
// Before that it says nothing.
const LEAST = 800;

/** The speed of the latest seconds, from how much was sent at which time. */
export class Rate {
  #points: { at: number; sent: number }[] = [];

  /** Say how much was sent by now, in bytes and milliseconds. Less than before is a new beginning. */
  add(sent: number, at: number): void {
    const last = this.#points.at(-1);
    if (last && sent < last.sent) this.#points = [];
    // Progress comes often; a point each fifth of a second is enough.
    const before = this.#points.at(-2);
    if (last && before && last.at - before.at < 200) this.#points.pop();
    this.#points.push({ at, sent });
    // One point from before the window stays, so that what was sent in it is known.
    while (this.#points.length > 2 && (this.#points[1]?.at ?? at) < at - WINDOW) this.#points.shift();
  }

  /** Forget what was sent: after a pause, the time that it took says nothing of the speed. */
  reset(): void {
    this.#points = [];
  }

  /** Bytes a second; null while too little is known. */
  speed(now: number): number | null {
    const [first, last] = [this.#points[0], this.#points.at(-1)];
    if (!first || !last || now - first.at < LEAST) return null;
    return ((last.sent - first.sent) / (now - first.at)) * 1000;
  }

  /** Seconds that the rest takes at this speed; null while that is not known. */
  remaining(left: number, now: number): number | null {
    const speed = this.speed(now);
    if (left <= 0) return 0;
    return speed === null || speed < 1 ? null : left / speed;
  }
}
