// What the page says, in English and Indonesian; the browser's language chooses.
const WORDS = {
  en: {
    lead: 'Show it a picture, and it says which of {count} classes it sees. The picture never leaves this device.',
    noChampion: 'Caution: no model of this recipe was good enough to be its champion. This is the one of run {run}.',
    otherClasses: 'Caution: the newest run of this recipe has other classes. This is its earlier champion, of run {run}.',
    picture: 'Picture',
    dropHere: 'Drop pictures here, or paste one',
    touchHere: 'Choose pictures, or take a photo',
    choose: 'Choose pictures',
    photograph: 'Take a photo',
    paste: 'Paste',
    shoot: 'Take it',
    cancel: 'Cancel',
    answer: 'Answer',
    loading: 'Loading the model ({size}) …',
    ready: 'Ready: show it a picture.',
    working: 'Looking …',
    unsure: 'Unsure',
    perhaps: 'Perhaps {label}, {share}.',
    unsureWhy: 'At {limit} or more, at least {precision} of its answers are right; this one is below.',
    unsureAlways: 'At no probability are {precision} of its answers right.',
    right: 'Right: it is {label}.',
    wrong: 'Wrong: it is {label}.',
    yourPicture: 'The picture that you gave',
    seenAlt: 'What the model sees',
    seen: 'What the model sees: {width} × {height} pixels',
    took: '{total} ms in all: {picture} ms for the picture, {model} ms in the model ({backend})',
    samples: 'Pictures from the {split} set',
    samplesNote: 'The model did not see these in training. Choose one to compare its answer with the truth.',
    sample: '{label}: classify this picture',
    card: 'Model card',
    footer: 'Made with Evergreen. Everything runs in this browser; nothing is sent anywhere.',
    notAPicture: 'This browser cannot read that file as a picture.',
    tooLarge: 'That picture has more than {limit} megapixels.',
    nothingPasted: 'There is no picture in the clipboard.',
    noCamera: 'No camera can be used: {reason}',
    noModel: 'The model did not start: {reason}',
    failed: 'That did not work: {reason}',
    classes: 'Classes',
    network: 'Network',
    input: 'Input',
    inputText: '{width} × {height} pixels, raw RGB of 0–255; nothing else to prepare',
    resize: 'Resizing',
    squash: 'whole picture, aspect ratio ignored',
    crop: 'the middle, edges cut',
    pad: 'whole picture, black borders',
    accuracy: 'Accuracy',
    accuracyText: '{share} of {count} images ({split})',
    test: 'test',
    validation: 'validation',
    trained: 'Trained on',
    trainedText: '{count} images',
    limit: 'Unsure below',
    limitText: '{limit}, so that {precision} of the other answers are right (validation)',
    proof: 'Export',
    proofText: '{format}, {size}; {agreement} of {count} answers as in Keras ({runtime})',
    unproved: '{format}, {size}; not verified',
    chosen: 'Why this one',
    recipe: 'Recipe and run',
    digests: 'SHA-256',
    model: 'model',
    dataset: 'dataset',
    export: 'export',
    live: 'Live camera',
    stop: 'Stop',
    several: 'Several pictures',
    severalBelow: 'The answers are in the list below.',
    severalDone: '{done} of {total} answered.',
    severalBad: '{bad} could not be used.',
    csv: 'Download the answers as CSV',
    probability: 'Probability',
    device: 'On this device',
    engine: 'Runs in',
    size: 'Size',
    sizeText: 'model {model}; fetched with all that runs it: {all}; ready after {seconds} s',
    speed: 'Speed',
    speedText: 'median {median} ms in the model ({count} measured)',
    measure: 'Measure 20 answers',
    fallback: 'Did not start',
    offline: 'Without a network',
    keeping: 'Keeping the page on this device …',
    kept: 'Yes: the page and the model are kept on this device.',
    keptFailed: 'No: keeping it failed ({reason}).',
    notKept: 'No: this browser keeps pages only over https, or from this very machine.',
    off: 'Off at this address',
    offAll: 'The live camera, use without a network and installing: they need https (evergreen web --tls). “Take a photo” on a phone opens its own camera.',
    offSome: 'Use without a network and installing: they need https (evergreen web --tls).',
    install: 'Install on this device',
    phone: 'On a phone in this network',
    phoneNote: 'Point its camera at the code, or open the address.',
    phoneCode: 'QR code of the address below',
    newer: 'A newer model is here. This page still answers with the earlier one.',
    reload: 'Reload',
    more: 'Everything as a file',
  },
  id: {
    lead: 'Beri sebuah gambar, lalu lihat kelas mana dari {count} kelas yang dikenalinya. Gambar tidak pernah keluar dari perangkat ini.',
    noChampion: 'Perhatian: belum ada model resep ini yang cukup baik untuk menjadi juara. Ini model dari run {run}.',
    otherClasses: 'Perhatian: run terbaru resep ini memiliki kelas lain. Ini juara sebelumnya, dari run {run}.',
    picture: 'Gambar',
    dropHere: 'Seret gambar ke sini, atau tempel',
    touchHere: 'Pilih gambar, atau ambil foto',
    choose: 'Pilih gambar',
    photograph: 'Ambil foto',
    paste: 'Tempel',
    shoot: 'Jepret',
    cancel: 'Batal',
    answer: 'Jawaban',
    loading: 'Memuat model ({size}) …',
    ready: 'Siap: beri sebuah gambar.',
    working: 'Sedang melihat …',
    unsure: 'Ragu',
    perhaps: 'Mungkin {label}, {share}.',
    unsureWhy: 'Pada {limit} ke atas, sedikitnya {precision} jawabannya benar; yang ini di bawahnya.',
    unsureAlways: 'Pada probabilitas mana pun, jawaban yang benar tidak mencapai {precision}.',
    right: 'Benar: ini memang {label}.',
    wrong: 'Salah: ini {label}.',
    yourPicture: 'Gambar yang Anda berikan',
    seenAlt: 'Yang dilihat model',
    seen: 'Yang dilihat model: {width} × {height} piksel',
    took: 'Total {total} ms: {picture} ms untuk gambar, {model} ms di model ({backend})',
    samples: 'Gambar dari data {split}',
    samplesNote: 'Model tidak melihat gambar-gambar ini saat dilatih. Pilih satu untuk membandingkan jawabannya dengan kenyataan.',
    sample: '{label}: klasifikasikan gambar ini',
    card: 'Kartu model',
    footer: 'Dibuat dengan Evergreen. Semuanya berjalan di peramban ini; tidak ada yang dikirim ke mana pun.',
    notAPicture: 'Peramban ini tidak dapat membaca berkas itu sebagai gambar.',
    tooLarge: 'Gambar itu lebih dari {limit} megapiksel.',
    nothingPasted: 'Tidak ada gambar di papan klip.',
    noCamera: 'Kamera tidak dapat dipakai: {reason}',
    noModel: 'Model tidak dapat dijalankan: {reason}',
    failed: 'Tidak berhasil: {reason}',
    classes: 'Kelas',
    network: 'Jaringan',
    input: 'Masukan',
    inputText: '{width} × {height} piksel, RGB mentah 0–255; tanpa persiapan lain',
    resize: 'Ubah ukuran',
    squash: 'seluruh gambar, perbandingan sisi diabaikan',
    crop: 'bagian tengah, tepi dipotong',
    pad: 'seluruh gambar, diberi tepi hitam',
    accuracy: 'Akurasi',
    accuracyText: '{share} dari {count} gambar ({split})',
    test: 'uji',
    validation: 'validasi',
    trained: 'Dilatih dengan',
    trainedText: '{count} gambar',
    limit: 'Ragu di bawah',
    limitText: '{limit}, agar {precision} jawaban lainnya benar (validasi)',
    proof: 'Ekspor',
    proofText: '{format}, {size}; {agreement} dari {count} jawaban sama dengan Keras ({runtime})',
    unproved: '{format}, {size}; belum diverifikasi',
    chosen: 'Mengapa yang ini',
    recipe: 'Resep dan run',
    digests: 'SHA-256',
    model: 'model',
    dataset: 'dataset',
    export: 'ekspor',
    live: 'Kamera langsung',
    stop: 'Berhenti',
    several: 'Beberapa gambar',
    severalBelow: 'Jawabannya ada di daftar di bawah.',
    severalDone: '{done} dari {total} terjawab.',
    severalBad: '{bad} tidak dapat dipakai.',
    csv: 'Unduh jawaban sebagai CSV',
    probability: 'Probabilitas',
    device: 'Di perangkat ini',
    engine: 'Berjalan di',
    size: 'Ukuran',
    sizeText: 'model {model}; diambil dengan semua yang menjalankannya: {all}; siap setelah {seconds} dtk',
    speed: 'Kecepatan',
    speedText: 'median {median} ms di model ({count} diukur)',
    measure: 'Ukur 20 jawaban',
    fallback: 'Tidak dapat dimulai',
    offline: 'Tanpa jaringan',
    keeping: 'Menyimpan halaman di perangkat ini …',
    kept: 'Ya: halaman dan model tersimpan di perangkat ini.',
    keptFailed: 'Tidak: penyimpanan gagal ({reason}).',
    notKept: 'Tidak: peramban ini menyimpan halaman hanya lewat https, atau dari mesin ini sendiri.',
    off: 'Mati di alamat ini',
    offAll: 'Kamera langsung, pemakaian tanpa jaringan, dan pemasangan: memerlukan https (evergreen web --tls). “Ambil foto” di ponsel membuka kameranya sendiri.',
    offSome: 'Pemakaian tanpa jaringan dan pemasangan: memerlukan https (evergreen web --tls).',
    install: 'Pasang di perangkat ini',
    phone: 'Di ponsel dalam jaringan ini',
    phoneNote: 'Arahkan kameranya ke kode, atau buka alamatnya.',
    phoneCode: 'Kode QR dari alamat di bawah',
    newer: 'Ada model yang lebih baru. Halaman ini masih menjawab dengan yang sebelumnya.',
    reload: 'Muat ulang',
    more: 'Semuanya sebagai berkas',
  },
};

const wanted = navigator.languages.map((language) => language.split('-')[0]);
const language = wanted.find((name) => name in WORDS) ?? 'en';

/** The page's text for a key, with {names} filled in. */
export function word(key, values = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Puts the page's fixed text into the language. */
export function translate() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-word]')) element.textContent = word(element.dataset.word);
}

export function percent(share) {
  const text = (value) => value.toLocaleString(language, { style: 'percent', maximumFractionDigits: 1 });
  if (share > 0.999 && share < 1) return `> ${text(0.999)}`;
  return share > 0 && share < 0.001 ? `< ${text(0.001)}` : text(share);
}

/** A share that answers are held against: finer than percent(), which says only that it is above 99.9 %. */
export function limit(share) {
  return share.toLocaleString(language, { style: 'percent', maximumFractionDigits: 2 });
}

export function megabytes(bytes) {
  return `${(bytes / 1e6).toLocaleString(language, { maximumFractionDigits: 1 })} MB`;
}

export function count(number) {
  return number.toLocaleString(language);
}

export function milliseconds(ms) {
  return ms.toLocaleString(language, { maximumSignificantDigits: 3 });
}

export function seconds(ms) {
  return (ms / 1000).toLocaleString(language, { maximumFractionDigits: 1 });
}
