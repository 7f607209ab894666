import type { RouteRecordRaw } from "vue-router";

const words = ["pages/mine", "learnware"];

const routes: RouteRecordRaw[] = [
  {
    path: "/mine",
    component: () => import("./MineFrame.vue"),
    meta: { words, needs: "account" },
    children: [
      { path: "", component: () => import("./OwnPage.vue"), meta: { title: "mine.own.title" } },
      {
        path: "favourites",
        component: () => import("./FavouritesPage.vue"),
        meta: { title: "mine.favourites.title" },
      },
      {
        path: "notifications",
        component: () => import("./NotificationsPage.vue"),
        meta: { title: "mine.notifications.title" },
      },
    ],
  },
];

export default routes;
