/** What accounts are, and what an administrator may do with them. */
import type { Schema } from "@/api/client";

export type Person = Schema<"UserOut">;

export const ROLES = ["user", "admin", "super-admin"] as const;
export type Role = (typeof ROLES)[number];

const rank = (role: string) => ROLES.findIndex((one) => one === role);

/** Whether somebody of a role may act on an account: the dock lets people act on lower roles only. */
export function mayActOn(mine: string | undefined, person: Pick<Person, "role">): boolean {
  return mine !== undefined && rank(mine) > rank(person.role);
}

/** How many learnwares an account has. */
export function learnwaresOf({ learnwares }: Pick<Person, "learnwares">): number {
  return learnwares.verified + learnwares.unverified;
}
