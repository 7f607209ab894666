/** The pages by address. Each area of the app names its own in `pages/<area>/routes.ts`. */
import type { QueryClient } from "@tanstack/vue-query";
import { nextTick } from "vue";
import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { fetchSession } from "@/api/session";
import { i18n, loadMessages } from "@/i18n";

declare module "vue-router" {
  interface RouteMeta {
    /** Folders below `src` whose words the page needs, as `pages/explore`. */
    words?: string[];
    /** Key of the page's title; a page that knows better sets `document.title` through `usePageTitle`. */
    title?: string;
    /** Who may see it; the dock enforces this on its own. */
    needs?: "account" | "admin";
  }
}

const areas = import.meta.glob<RouteRecordRaw[]>("./pages/*/routes.ts", { eager: true, import: "default" });

/** Return the router of the app. */
export function createAppRouter(client: QueryClient) {
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      ...Object.values(areas).flat(),
      {
        path: "/:path(.*)*",
        component: () => import("@/layout/NotFound.vue"),
        meta: { title: "layout.notFound" },
      },
    ],
    scrollBehavior: (to, from, saved) => {
      if (saved) return saved;
      // A page that fetches what the address names goes there itself.
      if (to.hash) return document.getElementById(to.hash.slice(1)) ? { el: to.hash, top: 80 } : {};
      // A filter in the address is no other page.
      return to.path === from.path ? {} : { top: 0 };
    },
  });
  router.beforeEach(async (to) => {
    const words = Promise.all(to.matched.flatMap((one) => one.meta.words ?? []).map(loadMessages));
    const needs = to.matched.map((one) => one.meta.needs).findLast((one) => one !== undefined);
    if (needs !== undefined) {
      const { account } = await fetchSession(client);
      if (account === null || account === undefined)
        return { path: "/sign-in", query: { next: to.fullPath } };
      if (needs === "admin" && account.role === "user") return { path: "/" };
    }
    await words;
    return true;
  });
  router.afterEach((to, from, failure) => {
    if (failure) return;
    if (from.matched.length > 0 && to.path !== from.path) {
      // Screen readers begin to read the new page where it begins.
      void nextTick(() => document.querySelector<HTMLElement>("#main")?.focus({ preventScroll: true }));
    }
  });
  return router;
}

/** Return the title of the window for a page. */
export function titled(page: string): string {
  return `${page} · ${i18n.global.t("layout.name")}`;
}
