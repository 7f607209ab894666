/** Specifications of images and texts: they are sent as they are, and not looked into here. */

const KINDS = new Set(["RKMEImageSpecification", "RKMETextSpecification"]);

/** Return the specification in a file if it is one of images or texts, else null. */
export async function otherSpecification(
  file: Blob,
): Promise<{ type: string; states: Record<string, unknown> } | null> {
  let document: unknown;
  try {
    document = JSON.parse(await file.text());
  } catch (error) {
    void error; // whoever reads it as a table's says what is wrong with it
    return null;
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) return null;
  const states = document as Record<string, unknown>;
  const { type } = states;
  return typeof type === "string" && KINDS.has(type) ? { type, states } : null;
}
