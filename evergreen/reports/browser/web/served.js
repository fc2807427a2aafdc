// A classic script, because browsers refuse modules to a page that was opened as a file.
if (location.protocol === 'file:') {
  const trouble = document.getElementById('trouble');
  trouble.textContent =
    'Browsers do not run this page from a file. Put the folder on any web host, or run: python3 -m http.server · ' +
    'Peramban tidak menjalankan halaman ini dari berkas. Taruh foldernya di hosting web mana pun, atau jalankan: python3 -m http.server';
  trouble.hidden = false;
}
