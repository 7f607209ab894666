/** Which files of a package can be looked at here. */

/** Bytes of a file that the dock shows, at most. */
const MOST_BYTES = 256 << 10;
// Formats that are no text; of all others the dock finds out.
const BINARY = new Set(
  (
    "bin bz2 ckpt feather gif gz h5 hdf5 ico jpeg jpg joblib keras model msgpack npy npz onnx parquet pb pdf pickle " +
    "pkl png pt pth pyc safetensors so tar tflite ubj webp whl xz zip zst"
  ).split(" "),
);

/** Whether a file may be a text short enough to be shown. */
export function isReadable({ path, size }: { path: string; size: number }): boolean {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return size > 0 && size <= MOST_BYTES && !BINARY.has(ending);
}

/** Return the path of a file as it stands in addresses: its parts are encoded, what parts them is not. */
export function encodedPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
