import { mount } from "@vue/test-utils";
import { ref } from "vue";
import { describe, expect, it, vi } from "vitest";
import { i18n } from "@/i18n";
import ListFrame from "./ListFrame.vue";

const query = () => ({
  isPending: ref(false),
  isPlaceholderData: ref(false),
  error: ref<unknown>(null),
  refetch: vi.fn(),
  hasNextPage: ref(true),
  isFetchingNextPage: ref(false),
  fetchNextPage: vi.fn(),
});
const shown = (list: ReturnType<typeof query>, count: number) =>
  mount(ListFrame, {
    props: { list, count, emptyTitle: "Nothing yet" },
    slots: { default: "<ul><li>one</li></ul>", empty: "<a>begin</a>" },
    global: { plugins: [i18n] },
  });

describe("a list has in its place", () => {
  it("grey rows while it is fetched", () => {
    const list = query();
    list.isPending.value = true;
    expect(shown(list, 0).get("[role=status]").text()).toBe("Loading");
  });

  it("what to do where there is nothing", () => {
    expect(shown(query(), 0).text()).toBe("Nothing yetbegin");
  });

  it("the error where nothing has come, and another try", async () => {
    const list = query();
    list.error.value = new TypeError("no connection");
    const frame = shown(list, 0);
    expect(frame.get("[role=alert]").text()).toContain("The dock cannot be reached");
    await frame.get("[role=alert] button").trigger("click");
    expect(list.refetch).toHaveBeenCalledOnce();
  });
});

it("what is there stays when the next page does not come; only this is asked for again", async () => {
  const list = query();
  const frame = shown(list, 1);
  expect(frame.get("li").text()).toBe("one");
  await frame.findAll("button").at(-1)?.trigger("click");
  expect(list.fetchNextPage).toHaveBeenCalledOnce();
  list.error.value = new TypeError("no connection");
  await frame.vm.$nextTick();
  expect(frame.get("li").text()).toBe("one");
  await frame.get("[role=alert] button").trigger("click");
  expect(list.fetchNextPage).toHaveBeenCalledTimes(2);
  expect(list.refetch).not.toHaveBeenCalled();
});

it("the rows of the list before are told to be so", () => {
  const list = query();
  list.isPlaceholderData.value = true;
  expect(shown(list, 1).get("[aria-busy=true]").text()).toBe("one");
});
