"""A page that shows hostile texts, each made inert, in every element that takes Markdown."""

import streamlit as st

from user_stats.ui.text import inert

TEXTS = (
    "![a](http://evil.test/a.png)",
    "[b](http://evil.test/b)",
    "[c](javascript:alert(1))",
    "<http://evil.test/d>",
    "http://evil.test/e",
    "https://evil.test/f?x=1&y=2",
    "www.evil.test/g",
    "WWW.evil.test/h",
    "someone@evil.test",
    "mailto:someone@evil.test",
    "xmpp:someone@evil.test",
    "<img src=http://evil.test/i.png>",
    "<script>alert(1)</script>",
    "<b>bold</b>",
    "**bold** _slanted_ ~~struck~~ `code`",
    "***",
    "# title",
    "> quote",
    "- item",
    "+ item",
    "1. item",
    "| a | b |",
    "$x^2$ and $$y$$",
    ":red[red] :blue-background[x] :small[y]",
    ":smile: :+1:",
    ":material/home: :streamlit:",
    "[^1] [ref] ![ref][1]",
    "[1]: http://evil.test/j",
    "&lt;b&gt; &amp; &#33;",
    "a <- b -> c -- d --- e",
    "\\[x\\](http://evil.test/k)",
    "end with two  ",
    "тест 测试 ‮ abc",
)

st.set_page_config(page_icon="📊")
for number, text in enumerate(TEXTS):
    shown = inert(text)
    with st.container(key=f"shown_{number}"):
        st.markdown(shown)
    st.caption(shown)
    st.button(shown, key=f"button_{number}")
    st.metric(shown, shown)
    st.checkbox(shown, key=f"checkbox_{number}")
    st.radio(shown, [shown, "other"], key=f"radio_{number}")
    st.text_input(shown, key=f"input_{number}")
    st.expander(shown).write(shown)
    st.tabs([shown])
    st.badge(shown)
    st.subheader(shown)
    for draw in (st.success, st.info, st.warning, st.error):
        draw(shown)
    st.progress(0.5, shown)
st.table({"text": [inert(text) for text in TEXTS]})
