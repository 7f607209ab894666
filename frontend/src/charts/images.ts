/** Images of standardised values as pixels of the screen. */
import type { ImageValues } from "@/specification/specification";

// Of each image so much is cut at both ends: a few values far out would leave the rest grey.
const CUT = 0.02;

/** What an `ImageData` is made of. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>;
}

/** Return an image as red, green, blue and opacity of its pixels, from its own darkest value to its brightest. */
export function pixelsOf(image: ImageValues): {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>;
} {
  const height = image[0]?.length ?? 0;
  const width = image[0]?.[0]?.length ?? 0;
  const channels = image.map((channel) => channel.flat());
  // One channel is grey; of two or four, those that are no colours are left out.
  const shown = channels.length >= 3 ? channels.slice(0, 3) : channels.slice(0, 1);
  const sorted = Float64Array.from(shown.flat()).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [low, high] = [at(CUT), at(1 - CUT)];
  const level = (value: number) => (high > low ? (255 * (value - low)) / (high - low) : 127.5);
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      const channel = shown[colour] ?? shown[0];
      data[4 * pixel + colour] = level(channel?.[pixel] ?? 0);
    }
  }
  return { width, height, data };
}

/** An image of a reduced set with its weight, and its place in the set from 1 on. */
export interface WeightedImage {
  number: number;
  image: ImageValues;
  weight: number;
}

/** Return the images with their weights, the heaviest first. */
export function heaviestFirst(images: readonly ImageValues[], weights: readonly number[]): WeightedImage[] {
  return images
    .map((image, i) => ({ number: i + 1, image, weight: weights[i] ?? 0 }))
    .sort((one, other) => Math.abs(other.weight) - Math.abs(one.weight) || one.number - other.number);
}
