import type { RouteRecordRaw } from "vue-router";

const words = ["pages/account"];

const routes: RouteRecordRaw[] = [
  {
    path: "/account",
    component: () => import("./AccountPage.vue"),
    meta: { words, title: "account.title", needs: "account" },
  },
];

export default routes;
