/** Room for words on the map: none is written over another. */

/** A rectangle of the window, in pixels. */
export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Whether two rectangles have a point in common. */
export function overlap(one: Box, other: Box): boolean {
  return (
    one.right >= other.left && one.left <= other.right && one.bottom >= other.top && one.top <= other.bottom
  );
}

/** The room that is left in a window of some width. */
export class Room {
  private readonly taken: Box[] = [];

  constructor(private readonly width: number) {}

  /** How many words are written. */
  get count(): number {
    return this.taken.length;
  }

  /**
   * Find room for words around a place: they are moved sideways where they would leave the window.
   *
   * @returns their rectangle, or null where other words are; `take` it to keep others from it.
   */
  find(x: number, top: number, width: number, height: number): Box | null {
    const half = width / 2;
    // Words that are wider than the window begin where it does.
    const middle = Math.max(half, Math.min(this.width - half, x));
    const box = { left: middle - half, right: middle + half, top, bottom: top + height };
    return this.taken.some((one) => overlap(one, box)) ? null : box;
  }

  /** Keep others from a rectangle. */
  take(box: Box): void {
    this.taken.push(box);
  }
}
