/** The figures of a statistical specification: size, fit, privacy. */
import type { Schema } from "@/api/client";
import type { TableSpecification } from "@/specification/specification";
import { formatNumber } from "@/ui/format";

/** A figure with its name, and what it says where that is not plain. */
export interface Fact {
  label: string;
  value: string;
  hint?: string | undefined;
}

type Words = (key: string, values?: Record<string, unknown>) => string;

const figure = (value: number) => formatNumber(value, { maximumSignificantDigits: 3 });

/** Return what is known of a specification; of tables' ones more than the dock's summary says. */
export function specificationFacts(
  summary: Schema<"StatSpecOut">,
  table: TableSpecification | null,
  t: Words,
): Fact[] {
  const facts: Fact[] = [{ label: t("learnware.specification.type"), value: summary.type }];
  if (summary.n_points !== null)
    facts.push({ label: t("learnware.specification.points"), value: formatNumber(summary.n_points) });
  if (summary.n_features !== null)
    facts.push({ label: t("learnware.specification.features"), value: formatNumber(summary.n_features) });
  if (table === null) return facts;
  if (table.num_points > 0)
    facts.push({ label: t("learnware.specification.rows"), value: formatNumber(table.num_points) });
  facts.push({ label: t("learnware.specification.gamma"), value: figure(table.gamma) });
  return [...facts, ...reported(table.report, t)];
}

function reported(report: TableSpecification["report"], t: Words): Fact[] {
  if (report === undefined) {
    return [
      {
        label: t("learnware.specification.fit"),
        value: t("learnware.specification.unknown"),
        hint: t("learnware.specification.noReport"),
      },
    ];
  }
  const facts: Fact[] = [
    {
      label: t("learnware.specification.fit"),
      value: figure(report.mmd2),
      hint: t("learnware.specification.fitHint"),
    },
    {
      label: t("learnware.specification.privacy"),
      value: t("learnware.specification.rowsBehind", { count: figure(report.fewest_rows) }),
      hint: t("learnware.specification.rowsPerPoint", { count: figure(report.rows_per_point) }),
    },
  ];
  if (report.nearest_row !== null) {
    facts.push({
      label: t("learnware.specification.nearest"),
      value: figure(report.nearest_row),
      hint: t("learnware.specification.nearestHint"),
    });
  }
  facts.push({
    label: t("learnware.specification.floor"),
    value:
      report.privacy_floor > 0
        ? t("learnware.specification.floorOn", { count: formatNumber(report.privacy_floor) })
        : t("learnware.specification.floorOff"),
    hint:
      report.dropped_points > 0
        ? t("learnware.specification.dropped", { count: formatNumber(report.dropped_points) })
        : undefined,
  });
  if (report.missing > 0)
    facts.push({ label: t("learnware.specification.missing"), value: formatNumber(report.missing) });
  return facts;
}
