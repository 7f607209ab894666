/** What is known of a statistical specification: kind, size, fit, privacy. */
import { dataTypeOf, type Specification } from "@/specification/specification";
import { formatNumber } from "@/ui/format";
import { languageNames } from "./names";

/** A figure with its name, and what it says where that is not plain. */
export interface Fact {
  label: string;
  value: string;
  hint?: string | undefined;
}

type Words = (key: string, values?: Record<string, unknown>) => string;

const figure = (value: number) => formatNumber(value, { maximumSignificantDigits: 3 });

/** Return what a specification tells. */
export function specificationFacts(specification: Specification, t: Words): Fact[] {
  const { type, z, num_points: samples, report } = specification;
  const kind = dataTypeOf(type) ?? "Table";
  const things = t(`statistical.things.${kind}`);
  return [
    { label: t("statistical.type"), value: type },
    ...kindFacts(specification, t),
    { label: t("statistical.points"), value: formatNumber(z.length) },
    ...formFacts(specification, t),
    ...(samples > 0 ? [{ label: t(`statistical.samples.${kind}`), value: formatNumber(samples) }] : []),
    ...("gamma" in specification
      ? [{ label: t("statistical.gamma"), value: figure(specification.gamma) }]
      : []),
    ...(report === undefined
      ? [{ label: t("statistical.fit"), value: t("statistical.unknown"), hint: t("statistical.noReport") }]
      : reportFacts(report, { things, thing: t(`statistical.thing.${kind}`) }, t)),
  ];
}

/** What the numbers of a point are. */
function formFacts(specification: Specification, t: Words): Fact[] {
  if (specification.type !== "RKMEImageSpecification") {
    return [{ label: t("statistical.features"), value: formatNumber(specification.z[0]?.length ?? 0) }];
  }
  const [image] = specification.z;
  const shape = [image?.length ?? 0, image?.[0]?.length ?? 0, image?.[0]?.[0]?.length ?? 0];
  const value = shape.map((size) => formatNumber(size)).join(" × ");
  return [{ label: t("statistical.shape"), value, hint: t("statistical.shapeText") }];
}

/** What only specifications of a kind tell. */
function kindFacts(specification: Specification, t: Words): Fact[] {
  if (specification.type === "RKMETextSpecification") {
    const { language, encoder } = specification;
    const names = languageNames(language).join(", ");
    return [
      { label: t("statistical.languages"), value: names || t("statistical.languagesUnknown") },
      { label: t("statistical.encoder"), value: encoder, hint: t("statistical.encoderText") },
    ];
  }
  if (specification.type === "RKMEImageFeatureSpecification") {
    const { channels, feature_map: map } = specification;
    return [
      { label: t("statistical.channels"), value: formatNumber(channels) },
      { label: t("statistical.map"), value: map, hint: t("statistical.mapText") },
    ];
  }
  return [];
}

function reportFacts(
  report: NonNullable<Specification["report"]>,
  words: { things: string; thing: string },
  t: Words,
): Fact[] {
  const facts: Fact[] = [
    { label: t("statistical.fit"), value: figure(report.mmd2), hint: t("statistical.fitHint") },
    {
      label: t("statistical.privacy"),
      value: t("statistical.behind", { count: figure(report.fewest_rows), ...words }),
      hint: t("statistical.perPoint", { count: figure(report.rows_per_point), ...words }),
    },
  ];
  if (report.nearest_row !== null) {
    facts.push({
      label: t("statistical.nearest", words),
      value: figure(report.nearest_row),
      hint: t("statistical.nearestHint", words),
    });
  }
  facts.push({
    label: t("statistical.floor"),
    value:
      report.privacy_floor > 0
        ? t("statistical.floorOn", { count: formatNumber(report.privacy_floor), ...words })
        : t("statistical.floorOff"),
    hint:
      report.dropped_points > 0
        ? t("statistical.dropped", { count: formatNumber(report.dropped_points) })
        : undefined,
  });
  if (report.missing > 0) {
    facts.push({ label: t("statistical.missing"), value: formatNumber(report.missing) });
  }
  return facts;
}
