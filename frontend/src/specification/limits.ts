/** Bounds of table specifications, those of the engine. */

/** Rows to a point, on average, at least. */
export const PRIVACY_FLOOR = 5;
/** Points of one specification; a hundred are usual. */
export const MOST_POINTS = 10_000;
/** Squares and differences of larger values overflow. */
export const LARGEST_VALUE = 1e150;
/** Weights sum to about one; larger ones describe nothing. */
export const LARGEST_WEIGHT = 1e6;
/** Points that are usual, and made where nothing else is asked for. */
export const USUAL_POINTS = 100;
/** Inverse squared length scale of the kernel of files; only specifications of equal gamma compare. */
export const GAMMA = 0.1;
