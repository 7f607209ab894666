/**
 * Programs that use learnwares of this dock, to copy.
 *
 * This module imports nothing, so that Python's tests can have the programs printed and run them against a real dock.
 */

/** A table in a file, and which of its columns are used. */
export interface TableFile {
  file: string;
  encoding: string;
  separator: string;
  decimal: "." | ",";
  header: boolean;
  /** Places of the columns, from 0 on; all if there are none. */
  columns: readonly number[];
}

/** What a program shall do. */
export interface Wish {
  /** Address of the dock's API for clients: `https://dock.example.org/api`. */
  address: string;
  /** One learnware, or several that answer together. */
  ids: readonly string[];
  /** Kind of data: `Table`, `Image`, `Text`. */
  data: string;
  /** Kind of task: `Classification`, `Regression`, … */
  task: string;
  /** Whether several can answer together: they take the same columns. */
  together?: boolean | undefined;
  /** Share of each learnware in the mixture that a search found, in the order of `ids`. */
  weights?: readonly number[] | undefined;
  /** The user's table, where it is known. */
  table?: TableFile | undefined;
}

const USUAL_TABLE: TableFile = {
  file: "mine.csv",
  encoding: "utf-8",
  separator: ",",
  decimal: ".",
  header: true,
  columns: [],
};

/** Return the address that programs give to the client, of the dock that serves this page. */
export function addressOf(origin: string): string {
  return `${origin}/api`;
}

/** Return a Python program that loads exactly these learnwares and lets them answer. */
export function pythonCode(wish: Wish): string {
  const several = wish.ids.length > 1;
  if (several && wish.together === false) return loadingCode(wish);
  const { imports, lines } = several ? reuser(wish) : { imports: [], lines: [] };
  const [ids] = wish.ids;
  const wanted = several ? list(wish.ids.map(quoted)) : quoted(ids ?? "");
  const name = several ? "learnwares" : "learnware";
  return [
    ...(wish.data === "Text" ? [] : ["import numpy as np", ""]),
    "from learnware.client import LearnwareClient",
    ...imports,
    "",
    ...reading(wish),
    `client = LearnwareClient(${quoted(wish.address)})`,
    "# Each model runs in a sandbox, in an environment built from what it asks for.",
    `${name} = client.load_learnware(learnware_id=${wanted}, runnable_option="venv")`,
    ...lines,
    `print(${several ? "reuser" : "learnware"}.predict(data))`,
    "client.cleanup()",
    "",
  ].join("\n");
}

/** Return a program that loads learnwares which take different data: each is asked on its own. */
function loadingCode({ address, ids }: Wish): string {
  return [
    "from learnware.client import LearnwareClient",
    "",
    `client = LearnwareClient(${quoted(address)})`,
    "# They take different columns: `learnware.predict(...)` needs other data for each.",
    `for learnware in client.load_learnware(learnware_id=${list(ids.map(quoted))}, runnable_option="venv"):`,
    '    print(learnware.id, learnware.get_specification().get_semantic_spec()["Input"]["Dimension"])',
    "client.cleanup()",
    "",
  ].join("\n");
}

/** Return the commands that download exactly these learnwares. */
export function commandCode(wish: Pick<Wish, "address" | "ids">): string {
  const folder = wish.ids.length > 1 ? " -o learnwares/" : "";
  return [
    "pip install learnware",
    `learnware download ${wish.ids.join(" ")}${folder} --host ${wish.address}`,
    "",
  ].join("\n");
}

/** Return how the user's data are read. */
function reading({ data, table }: Wish): string[] {
  if (data === "Text") {
    return [
      "# A text in each line.",
      'with open("texts.txt", encoding="utf-8") as file:',
      "    data = file.read().splitlines()",
    ];
  }
  if (data === "Image") {
    return [
      "# Images in the shape that the learnware takes: number, channels, height, width.",
      'data = np.load("images.npy")',
    ];
  }
  const { file, encoding, separator, decimal, header, columns } = table ?? USUAL_TABLE;
  const options = [
    `delimiter=${quoted(separator)}`,
    ...(header ? ["skip_header=1"] : []),
    ...(columns.length > 0 ? [`usecols=${usedColumns(columns)}`] : []),
    "ndmin=2",
  ].join(", ");
  const comment = "# Numbers only: the columns that the learnware takes, in its order.";
  // A byte order mark would belong to the first column.
  const read = encoding === "utf-8" ? "utf-8-sig" : encoding;
  if (decimal === ".") {
    return [comment, `data = np.genfromtxt(${quoted(file)}, ${options}, encoding=${quoted(read)})`];
  }
  return [
    comment,
    `with open(${quoted(file)}, encoding=${quoted(read)}) as file:`,
    '    lines = [line.replace(",", ".") for line in file]',
    `data = np.genfromtxt(lines, ${options})`,
  ];
}

/** Return how several learnwares answer together: as `learnware.solve` lets them answer data without labels. */
function reuser({ data, task, weights }: Wish): { imports: string[]; lines: string[] } {
  if (data === "Image" && task === "Classification") {
    return {
      imports: ["from learnware.reuse import PriorShiftReuser"],
      lines: [
        "# Each class is told by the learnwares that know it, and counts as your data seem to have it.",
        "reuser = PriorShiftReuser(learnwares)",
      ],
    };
  }
  const shares = weights ? `, weights=${list(weights.map((one) => one.toFixed(4)))}` : "";
  const one = { Text: "text", Image: "image" }[data] ?? "row";
  return {
    imports: ["from learnware.reuse import RoutingReuser"],
    lines: [
      `# Each ${one} is answered above all by the learnwares that know its region.`,
      `reuser = RoutingReuser(learnwares${shares})`,
    ],
  };
}

/** Columns by their places; a run of them as a range. */
function usedColumns(columns: readonly number[]): string {
  const first = columns[0] ?? 0;
  const run = columns.length > 2 && columns.every((column, i) => column === first + i);
  return run ? `range(${String(first)}, ${String(first + columns.length)})` : list(columns.map(String));
}

function list(items: readonly string[]): string {
  return `[${items.join(", ")}]`;
}

/** A text as a literal of Python: JSON's are, but for what only Python or a terminal would act on. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
