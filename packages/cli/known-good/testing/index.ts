export {
  buildAr,
  buildCpio,
  buildDeb,
  buildRpm,
  buildTar,
  type CpioWish,
  control,
  cpioEntry,
  type TarWish,
  tarEntry,
} from './build-archive.ts';
