"""National electronic certificates (国家电子证照): records of what 应急管理部 issued, never certificates of our own."""
