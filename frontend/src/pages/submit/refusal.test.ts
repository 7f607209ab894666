import { expect, it } from "vitest";
import { ApiProblem } from "@/api/problem";
import { emptyForm } from "@/learnware/editor/form";
import { refusedFields } from "./refusal";

const form = { ...emptyForm(), name: "Bad words" };
const problem = new ApiProblem(422, "invalid-submission", "", "", [
  { field: "/semantic_specification/Name", message: "has words" },
  { field: "/semantic_specification/Input/Dimension", message: "is 0" },
  { field: "package", message: "is no zip" },
]);

it("says of each field what the dock said, until it is changed", () => {
  expect(refusedFields({ problem, form }, form)).toEqual({ name: "has words", input: "is 0" });
  expect(refusedFields({ problem, form }, { ...form, name: "Good words" })).toEqual({ input: "is 0" });
  expect(refusedFields(null, form)).toEqual({});
});
