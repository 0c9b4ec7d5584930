import { createApp } from 'vue';
import App from './app.vue';
import './dashboard.css';
import { createHallClient, plugin } from './realtime.ts';
import { wayOf } from './settings.ts';

const way = wayOf(location.search);
createApp(App, { way }).use(plugin, createHallClient(way)).mount('#app');
